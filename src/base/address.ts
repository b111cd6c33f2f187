import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

export type Family = 4 | 6

/** An IP address as its 4 or 16 octets in network order. */
export type AddressBytes = Uint8Array

/** An IP prefix; bits past `length` are zero. */
export interface Prefix {
  readonly family: Family
  readonly bytes: AddressBytes
  readonly length: number
}

/** Octets of a textual address, or undefined where it is none. No zone index, no shorthand IPv4. */
export const parseAddress = (text: string): AddressBytes | undefined =>
  text.includes(':') ? parseIPv6(text) : parseIPv4(text)

function parseIPv4(text: string): AddressBytes | undefined {
  if (!isIPv4(text)) return undefined
  // Digit by digit: every record of a flood has two of them.
  const bytes = new Uint8Array(4)
  for (let i = 0, at = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit < 0) at++
    else bytes[at] = bytes[at]! * 10 + digit
  }
  return bytes
}

const ZERO = '0'.charCodeAt(0)

/** RFC 4291 section 2.2. Node's isIPv6 says the same by an expression that takes 10 ms to compile, in every process. */
function parseIPv6(text: string): AddressBytes | undefined {
  const [head, tail, ...more] = text.split('::').map(wordsOf)
  if (head === undefined || more.length > 0 || (tail !== undefined && head.hasIPv4)) return undefined
  const words = [...head.words, ...(tail?.words ?? [])]
  // A gap stands for at least one group.
  if (words.includes(NO_WORD) || (tail === undefined ? words.length !== 8 : words.length > 7)) return undefined
  const bytes = new Uint8Array(16)
  const put = (word: number, at: number) => {
    bytes[at * 2] = word >> 8
    bytes[at * 2 + 1] = word & 255
  }
  head.words.forEach(put)
  tail?.words.forEach((word, i) => {
    put(word, 8 - tail.words.length + i)
  })
  return bytes
}

const NO_WORD = -1

interface Words {
  /** 16 bits each; NO_WORD for a group that is none. */
  readonly words: readonly number[]
  /** It ends in an IPv4 address, so that nothing may follow. */
  readonly hasIPv4: boolean
}

/** Groups between colons. */
function wordsOf(text: string): Words {
  if (text === '') return { words: [], hasIPv4: false }
  const groups = text.split(':')
  const embedded = parseIPv4(groups.at(-1)!)
  const plain = embedded === undefined ? groups : groups.slice(0, -1)
  const words = plain.map((group) => (/^[0-9a-fA-F]{1,4}$/.test(group) ? Number.parseInt(group, 16) : NO_WORD))
  if (embedded === undefined) return { words, hasIPv4: false }
  const [a, b, c, d] = embedded as unknown as [number, number, number, number]
  return { words: [...words, (a << 8) | b, (c << 8) | d], hasIPv4: true }
}

/** Canonical text (RFC 5952 for IPv6). */
export function formatAddress(bytes: AddressBytes): string {
  if (bytes.length === 4) return bytes.join('.')
  const parsed = new ipaddr.IPv6([...bytes])
  return parsed.toRFC5952String()
}

export const familyOf = (bytes: AddressBytes): Family => (bytes.length === 4 ? 4 : 6)

/** fe80::/10: known on one link only, and means another machine on each. */
export const isLinkLocal = (bytes: AddressBytes): boolean =>
  bytes.length === 16 && bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80

/** Zeroes the host bits. */
export function maskAddress(bytes: AddressBytes, length: number): AddressBytes {
  const masked = Uint8Array.from(bytes)
  for (let i = 0; i < masked.length; i++) {
    const keep = Math.min(8, Math.max(0, length - i * 8))
    masked[i] = masked[i]! & (0xff00 >> keep) & 0xff
  }
  return masked
}

/** What clients are counted by: an IPv4 address, or the /64 of an IPv6 one, which a single client may have to itself. */
export function clientKey(address: string): string {
  const bytes = parseAddress(address)
  if (bytes === undefined) return 'unknown'
  return formatAddress(bytes.length === 4 ? bytes : maskAddress(bytes, 64))
}

/** Parses `address` or `address/length`; host bits are dropped and reported. Undefined where it is no prefix. */
export function parsePrefix(text: string): (Prefix & { readonly hostBits: boolean }) | undefined {
  const slash = text.indexOf('/')
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (bytes === undefined) return undefined
  const lengthText = slash < 0 ? String(bytes.length * 8) : text.slice(slash + 1)
  if (!/^(0|[1-9][0-9]{0,2})$/.test(lengthText)) return undefined
  const length = Number(lengthText)
  if (length > bytes.length * 8) return undefined
  const masked = maskAddress(bytes, length)
  return { family: familyOf(bytes), bytes: masked, length, hostBits: compareBytes(masked, bytes) !== 0 }
}

export const formatPrefix = (prefix: Prefix): string => `${formatAddress(prefix.bytes)}/${prefix.length}`

/** Lexicographic; shorter (IPv4) first. */
export function compareBytes(a: AddressBytes, b: AddressBytes): number {
  if (a.length !== b.length) return a.length - b.length
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
}

/** Does the prefix hold the address (or the start of another prefix)? */
export function holds(prefix: Prefix, bytes: AddressBytes): boolean {
  if (bytes.length !== prefix.bytes.length) return false
  const whole = prefix.length >> 3
  for (let i = 0; i < whole; i++) if (bytes[i] !== prefix.bytes[i]) return false
  const rest = prefix.length & 7
  return rest === 0 || ((bytes[whole]! ^ prefix.bytes[whole]!) & (0xff00 >> rest) & 0xff) === 0
}

/** The least set of prefixes that holds the same addresses: covered ones dropped, halves joined. Sorted. */
export function aggregate(prefixes: readonly Prefix[]): Prefix[] {
  const sorted = [...prefixes].sort((a, b) => compareBytes(a.bytes, b.bytes) || a.length - b.length)
  const stack: Prefix[] = []
  for (const prefix of sorted) {
    let current = prefix
    const top = stack.at(-1)
    if (top !== undefined && top.length <= current.length && holds(top, current.bytes)) continue
    for (let last = stack.at(-1); last !== undefined && areHalves(last, current); last = stack.at(-1)) {
      stack.pop()
      current = { family: last.family, bytes: last.bytes, length: last.length - 1 }
    }
    stack.push(current)
  }
  return stack
}

function areHalves(low: Prefix, high: Prefix): boolean {
  if (low.family !== high.family || low.length !== high.length || low.length === 0) return false
  const parent = low.length - 1
  return compareBytes(maskAddress(low.bytes, parent), low.bytes) === 0 && holds({ ...low, length: parent }, high.bytes)
}
