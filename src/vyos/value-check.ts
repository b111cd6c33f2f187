import { parseAddress, parsePrefix } from '../base/address.ts'
import type { Check, Definition } from './definition.ts'

type Validator = (value: string, argument: string) => boolean

/** `--range 1-65535`, several alternatives, or none for any number below 2^32. */
function isNumeric(value: string, argument: string): boolean {
  if (!/^(0|[1-9][0-9]{0,9})$/.test(value)) return false
  const number = Number(value)
  const ranges = [...argument.matchAll(/--range (\d+)-(\d+)/g)]
  if (ranges.length === 0) return number <= 0xffffffff
  return ranges.some(([, low, high]) => number >= Number(low) && number <= Number(high))
}

const isPrefix = (value: string): boolean => value.includes('/') && parsePrefix(value)?.hostBits === false

/** VyOS's validators that our definitions use; they judge as VyOS's scripts of the same names do. */
const VALIDATORS: Readonly<Record<string, Validator>> = {
  'ip-address': (value) => parseAddress(value) !== undefined,
  'ip-prefix': isPrefix,
  numeric: isNumeric,
}

export const isKnownValidator = (name: string): boolean => Object.hasOwn(VALIDATORS, name)

const patterns = new Map<string, RegExp>()

/** VyOS matches `^REGEX$` by plain concatenation, which is why alternatives must be in parentheses. */
export function compilePattern(pattern: string): RegExp {
  let compiled = patterns.get(pattern)
  if (compiled === undefined) {
    compiled = new RegExp(`^${pattern}$`)
    patterns.set(pattern, compiled)
  }
  return compiled
}

/** VyOS's matcher sees the octets of UTF-8, not characters. */
const asOctets = (value: string): string => Buffer.from(value, 'utf8').toString('latin1')

const holds = (check: Check, value: string): boolean =>
  check.type === 'regex'
    ? compilePattern(check.pattern).test(asOctets(value))
    : VALIDATORS[check.name]!(value, check.argument)

/** Does the value satisfy one of the alternatives, or one of the groups entirely? Without any, every value does. */
export function satisfies(
  { constraint, constraintGroups }: Pick<Definition, 'constraint' | 'constraintGroups'>,
  value: string,
): boolean {
  if (constraint.length === 0 && constraintGroups.length === 0) return true
  return (
    constraint.some((check) => holds(check, value)) ||
    constraintGroups.some((group) => group.every((check) => holds(check, value)))
  )
}
