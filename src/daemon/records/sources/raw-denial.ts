import { formatAddress, parseAddress } from '../../../base/address.ts'
import { REASONS, type ReasonCode } from '../../../base/reasons.ts'

/** One line of one log, before lines that tell of the same question or flow are joined. */
export interface RawDenial {
  /** Who saw it: named (a question), the kernel (a packet), the pinner (an answer, or a question named let through). */
  readonly source: 'named' | 'kernel' | 'pinner'
  /** Milliseconds since the epoch. */
  readonly time: number
  /** Canonical text. Absent where the pinner saw it: named does not tell it who asked. */
  readonly client?: string
  /** Key or name of the group, where the source knows it. */
  readonly group?: string
  /** Absent: the Plan says why. */
  readonly reason?: ReasonCode
  /** Lower case, as named escapes it (RFC 1035 5.1), without the trailing dot. */
  readonly name?: string
  readonly queryType?: string
  /** The name further down the chain that was refused. */
  readonly target?: string
  readonly address?: string
  readonly port?: number
  readonly protocol?: string
  /** Source port; with the others it identifies a flow. */
  readonly clientPort?: number
}

const YEAR_10000 = Date.UTC(10_000)

/** Can it be the time of a record? Milliseconds since the epoch; later years are printed otherwise, or not at all. */
export const isInstant = (time: number): boolean => time >= 0 && time < YEAR_10000

/** The code, where the catalogue has it. */
export const reasonCode = (text: unknown): ReasonCode | undefined =>
  typeof text === 'string' && Object.hasOwn(REASONS, text) ? (text as ReasonCode) : undefined

const CANONICAL_IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** Canonical text of an address that another program printed, or undefined where it is none. */
export function canonicalAddress(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 64) return undefined
  // Most are, and parsing costs more than all the rest of a line.
  if (CANONICAL_IPV4.test(text)) return text
  const bytes = parseAddress(text.split('%')[0]!)
  return bytes === undefined ? undefined : formatAddress(bytes)
}

const MAX_NAME = 1024

/** Lower case, printable ASCII, no trailing dot; anything else is escaped as decimal octets (RFC 1035 5.1). */
export function loggedName(text: unknown): string | undefined {
  if (typeof text !== 'string' || text === '' || text.length > MAX_NAME) return undefined
  const lower = text.length > 1 && text.endsWith('.') && !text.endsWith('\\.') ? text.slice(0, -1) : text
  if (/^[\x21-\x7e]+$/.test(lower)) return lower.toLowerCase()
  return [...Buffer.from(lower, 'utf8')]
    .map((octet) => (octet > 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, '0')}`))
    .join('')
    .toLowerCase()
    .slice(0, MAX_NAME)
}
