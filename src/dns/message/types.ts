/** Record types by number (IANA "DNS Parameters"); those that some part of Clawgress treats by name. */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  NULL: 10,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  SIG: 24,
  AAAA: 28,
  LOC: 29,
  SRV: 33,
  NAPTR: 35,
  CERT: 37,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  EUI48: 108,
  EUI64: 109,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
} as const

const typeNames = new Map<number, string>(Object.entries(TYPE).map(([name, number]) => [number, name]))

/** `AAAA`, or `TYPE65280` where the type has no name here (RFC 3597, 5). */
export const typeName = (type: number): string => typeNames.get(type) ?? `TYPE${type}`

/** Number of a type by name, in either form of `typeName`; undefined where there is none. */
export function typeNumber(name: string): number | undefined {
  const upper = name.toUpperCase()
  if (Object.hasOwn(TYPE, upper)) return TYPE[upper as keyof typeof TYPE]
  const number = /^TYPE([0-9]{1,5})$/.exec(upper)?.[1]
  return number === undefined || Number(number) > 0xffff ? undefined : Number(number)
}

export const CLASS_IN = 1

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const

/** Keys of SVCB and HTTPS parameters (RFC 9460, 14.3; RFC 9848 for ech). */
export const SVC_PARAM = { mandatory: 0, ipv4hint: 4, ech: 5, ipv6hint: 6 } as const

export interface Question {
  readonly name: string
  readonly type: number
  readonly class: number
}

export interface SvcParam {
  readonly key: number
  readonly value: Uint8Array
}

/** RDATA that is understood; everything else is `opaque`, with the names of old compressible types decompressed. */
export type RData =
  | { readonly kind: 'address'; readonly address: Uint8Array }
  /** CNAME, DNAME, NS, PTR. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'mx'; readonly preference: number; readonly exchange: string }
  | {
      readonly kind: 'srv'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: string
    }
  | {
      readonly kind: 'soa'
      readonly mname: string
      readonly rname: string
      readonly serial: number
      readonly refresh: number
      readonly retry: number
      readonly expire: number
      readonly minimum: number
    }
  | { readonly kind: 'txt'; readonly strings: readonly Uint8Array[] }
  | {
      readonly kind: 'svcb'
      readonly priority: number
      readonly target: string
      readonly params: readonly SvcParam[]
    }
  | { readonly kind: 'opaque'; readonly data: Uint8Array }

export interface ResourceRecord {
  readonly name: string
  readonly type: number
  readonly class: number
  /** Seconds; 0 where the wire had the top bit set (RFC 2181, 8). */
  readonly ttl: number
  readonly data: RData
}

/** EDNS(0), RFC 6891. */
export interface Edns {
  readonly udpSize: number
  readonly version: number
  readonly dnssecOk: boolean
  readonly options: readonly { readonly code: number; readonly data: Uint8Array }[]
}

export interface Head {
  readonly id: number
  readonly response: boolean
  readonly opcode: number
  readonly authoritative: boolean
  readonly truncated: boolean
  readonly recursionDesired: boolean
  readonly recursionAvailable: boolean
  readonly authenticData: boolean
  readonly checkingDisabled: boolean
  /** 12 bits where EDNS is there. */
  readonly rcode: number
}

export interface Message extends Head {
  readonly questions: readonly Question[]
  readonly answers: readonly ResourceRecord[]
  readonly authorities: readonly ResourceRecord[]
  /** Without the OPT record, which is `edns`. */
  readonly additionals: readonly ResourceRecord[]
  readonly edns?: Edns
}
