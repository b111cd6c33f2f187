/** IP protocols by number (IANA), as far as policies and logs meet them. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  41: 'ipv6',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  132: 'sctp',
  136: 'udplite',
}

/** Name of an IP protocol, or its number in digits. */
export const protocolName = (number: number): string => PROTOCOLS[number] ?? String(number)
