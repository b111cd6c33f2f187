import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { type Advice, FILE_ADVICE } from '../advice.ts'
import { quote } from '../quote.ts'

export interface NormalName {
  /** Lower-case A-labels, no trailing dot, without `*.`. */
  readonly name: string
  readonly wildcard: boolean
}

/** Octets of a name in text form without the trailing dot. RFC 1035 section 2.3.4: 255 in wire form. */
export const MAX_NAME_OCTETS = 253
const MAX_LABEL_OCTETS = 63

/**
 * Brings `name` or `*.name` into the one form that is compared, printed and hashed: lower case, A-labels
 * (RFC 5891 through WHATWG's domain-to-ASCII), no trailing dot. Returns a sentence where it is no such name.
 */
export function normaliseName(text: string, advice: Advice = FILE_ADVICE): NormalName | string {
  if (text === '') return 'The name is empty.'
  if (text === '*' || text === '*.')
    return '"*" would mean every name; list the domains that are meant, such as "*.example.com".'
  const wildcard = text.startsWith('*.')
  const given = wildcard ? text.slice(2) : text
  if (given.includes('*')) {
    return `In ${quote(text)} a "*" stands elsewhere than as the whole first label; only "*.example.com" is possible.`
  }
  const plain = given.endsWith('.') ? given.slice(0, -1) : given
  if (isAddressLike(plain)) return `${quote(text)} is an IP address; addresses belong under ${advice.addresses}.`
  const ascii = toAscii(plain)
  if (ascii === undefined) return `${quote(text)} is not a domain name: ${firstFault(plain)}.`
  const fault = labelFault(ascii, wildcard)
  return fault === undefined ? { name: ascii, wildcard } : `${quote(text)} is not a domain name: ${fault}.`
}

const NAME_CHARACTERS = /^[a-z0-9._-]*$/

function toAscii(name: string): string | undefined {
  const lower = name.toLowerCase()
  if (NAME_CHARACTERS.test(lower)) return lower
  if (/[\u0000-\u002c\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u007f]/.test(name)) return undefined
  const ascii = domainToASCII(name)
  return ascii !== '' && NAME_CHARACTERS.test(ascii) ? ascii : undefined
}

function firstFault(name: string): string {
  const wrong = /[\u0000-\u002c\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u007f]/.exec(name)?.[0]
  if (name.includes('://')) return 'leave out the scheme and the path'
  if (wrong === undefined) return 'it has no valid international form (IDNA)'
  if (wrong === '/') return 'leave out the path'
  if (wrong === ':') return 'leave out the port; ports belong into the entry\'s "ports"'
  return `it holds ${wrong === ' ' ? 'a space' : quote(wrong)}; letters, digits, "-", "_" and "." are possible`
}

function labelFault(name: string, wildcard: boolean): string | undefined {
  const limit = wildcard ? MAX_NAME_OCTETS - 2 : MAX_NAME_OCTETS
  if (name.length > limit) return `it has ${name.length} octets; ${limit} are possible`
  for (const label of name.split('.')) {
    if (label === '') return 'it has an empty label'
    if (label.length > MAX_LABEL_OCTETS) return `a label has ${label.length} octets; ${MAX_LABEL_OCTETS} are possible`
  }
  if (name.startsWith('-')) return 'it begins with "-"'
  if (TRIGGER.test(name)) return 'its last label begins with "rpz-", as only instructions to bind9 do'
  return isAddressLike(name) ? 'it is an IP address' : undefined
}

/**
 * A name that a response policy zone takes for a rule about addresses, of clients even: `32.1.0.0.10.rpz-client-ip`
 * (BIND ARM, response policy zones).
 */
const TRIGGER = /(^|\.)rpz-[^.]*$/

/** An address in any usual form; a last label of digits only could never be a name (RFC 3696 section 2). */
const isAddressLike = (name: string): boolean =>
  /(^|\.)([0-9]+|0x[0-9a-f]*)$/i.test(name) ||
  (/[:/[]/.test(name) && (isIP(name.replace(/^\[|\]$/g, '')) !== 0 || isIP(name.split('/')[0]!) !== 0))
