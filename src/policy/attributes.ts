import { readPorts } from './ports.ts'
import type { EntryAttributes } from './types.ts'

/** The fields of an entry as the file writes them, after the schema accepted them. */
export interface RawAttributes {
  readonly ports?: readonly (number | string)[] | undefined
  readonly protocols?: readonly ('tcp' | 'udp')[] | undefined
  readonly label?: string | undefined
  readonly reason?: string | undefined
  readonly public_suffix?: boolean | undefined
  readonly wide?: boolean | undefined
}

/** Normal form: ports sorted and joined, protocols in one order, absent fields absent. */
export function normaliseAttributes(raw: RawAttributes): EntryAttributes {
  return {
    ...(raw.ports === undefined ? {} : { ports: readPorts(raw.ports) }),
    ...(raw.protocols === undefined ? {} : { protocols: [...new Set(raw.protocols)].sort() }),
    ...(raw.label === undefined ? {} : { label: raw.label }),
    ...(raw.reason === undefined || raw.reason === '' ? {} : { reason: raw.reason }),
    ...(raw.public_suffix === true ? { publicSuffix: true } : {}),
    ...(raw.wide === true ? { wide: true } : {}),
  }
}

/** Numbers equal attributes equally; number 0 is "nothing said". */
export class AttributeList {
  readonly list: EntryAttributes[] = [{}]
  private readonly numbers = new Map<string, number>([['{}', 0]])

  number(attributes: EntryAttributes): number {
    const key = JSON.stringify(attributes)
    const known = this.numbers.get(key)
    if (known !== undefined) return known
    const number = this.list.push(attributes) - 1
    this.numbers.set(key, number)
    return number
  }
}
