import { type Prefix, parsePrefix } from '../base/address.ts'

/**
 * Prefixes that an answer from the DNS may never open: IANA IPv4 and IPv6 Special-Purpose Address Registries
 * (RFC 6890) with their deprecated and multicast neighbours. For IPv6, everything that IANA has not given out as
 * global unicast (2000::/3) is among them, except NAT64's well-known prefix and 6to4, which count as the IPv4
 * address they carry.
 */
const SPECIAL_PURPOSE_TEXT = {
  '0.0.0.0/8': 'this network',
  '10.0.0.0/8': 'private',
  '100.64.0.0/10': 'carrier-grade NAT',
  '127.0.0.0/8': 'loopback',
  '169.254.0.0/16': 'link-local',
  '172.16.0.0/12': 'private',
  '192.0.0.0/24': 'IETF protocol assignments',
  '192.0.2.0/24': 'documentation',
  '192.88.99.0/24': '6to4 relays, deprecated',
  '192.168.0.0/16': 'private',
  '198.18.0.0/15': 'benchmarking',
  '198.51.100.0/24': 'documentation',
  '203.0.113.0/24': 'documentation',
  '224.0.0.0/3': 'multicast, reserved and broadcast',
  '::/9': 'unspecified, loopback, IPv4-mapped, IPv4-compatible and reserved',
  '2001::/23': 'IETF protocol assignments, Teredo among them',
  '2001:db8::/32': 'documentation',
  '3fff::/20': 'documentation',
  '80::/9': 'reserved',
  '100::/8': 'discard-only and reserved',
  '200::/7': 'reserved',
  '400::/6': 'reserved',
  '800::/5': 'reserved',
  '1000::/4': 'reserved',
  '4000::/2': 'reserved, segment routing (5f00::/16) among them',
  '8000::/1': 'reserved, unique local, link-local, site-local and multicast',
} as const

export const SPECIAL_PURPOSE: readonly (Prefix & { readonly use: string })[] = Object.entries(SPECIAL_PURPOSE_TEXT).map(
  ([text, use]) => ({ ...parsePrefix(text)!, use }),
)

const NAT64 = Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0)
const startsWith = (bytes: Uint8Array, start: ArrayLike<number>) => {
  for (let i = 0; i < start.length; i++) if (bytes[i] !== start[i]) return false
  return true
}
const ZEROS = new Uint8Array(12)
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff)
const SIXTOFOUR = Uint8Array.of(0x20, 0x02)
const TEREDO = Uint8Array.of(0x20, 0x01, 0, 0)

/** NAT64's well-known prefix (RFC 6052): outside 2000::/3, and yet reachable where the network translates. */
export const isNat64 = (bytes: Uint8Array): boolean => bytes.length === 16 && startsWith(bytes, NAT64)

/** The IPv6 prefixes that carry an IPv4 prefix in front of their own bits: NAT64 and 6to4. */
export function embeddingIPv6({ bytes, length }: Prefix): Prefix[] {
  if (bytes.length !== 4) return []
  return [NAT64, SIXTOFOUR].map((lead) => {
    const whole = new Uint8Array(16)
    whole.set(lead)
    whole.set(bytes, lead.length)
    return { family: 6, bytes: whole, length: lead.length * 8 + length } as const
  })
}

/**
 * The IPv4 addresses that an IPv6 address carries: mapped and compatible (RFC 4291), NAT64 (RFC 6052), 6to4
 * (RFC 3056), Teredo's server and client (RFC 4380).
 */
export function embeddedIPv4(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length !== 16) return []
  if (startsWith(bytes, ZEROS) || startsWith(bytes, MAPPED) || startsWith(bytes, NAT64)) return [bytes.slice(12)]
  if (startsWith(bytes, SIXTOFOUR)) return [bytes.slice(2, 6)]
  if (startsWith(bytes, TEREDO)) return [bytes.slice(4, 8), bytes.slice(12).map((octet) => octet ^ 0xff)]
  return []
}
