import { type Definition, type Located, satisfies } from '../../vyos/index.ts'

/** Why VyOS refuses a value whatever the definition says; undefined where it does not. */
function formFault(role: 'value' | 'tagValue', value: string): string | undefined {
  if (value.includes("'")) return "Cannot use the single quote (') character in a value string"
  if (value.includes('"')) return 'Cannot use the double quote (") character in a value string'
  if (value.includes('\n')) return 'Cannot use the newline character in a value string'
  if (/[\x00-\x1f\x7f]/.test(value)) return 'Cannot use control characters in a value string'
  if (role === 'tagValue' && /\s/.test(value)) return 'Tag node value name must not contain whitespace'
  return undefined
}

/** Lines that say why a `set` of this path is refused; undefined where it is fine. */
export function setFault(located: Located, definitionAt: (words: readonly string[]) => Definition): string | undefined {
  const last = located.roles.at(-1)
  const { definition } = located
  if (last === 'tag' || (last === 'leaf' && definition?.valueless === false)) {
    return `Configuration path: [${located.words.join(' ')}] requires a value`
  }
  for (const [index, role] of located.roles.entries()) {
    if (role !== 'value' && role !== 'tagValue') continue
    const value = located.words[index]!
    const fault = formFault(role, value)
    if (fault !== undefined) return fault
    const owner = definitionAt(located.words.slice(0, index))
    if (!satisfies(owner, value)) return `${owner.constraintErrorMessage}\nValue validation failed`
  }
  return undefined
}
