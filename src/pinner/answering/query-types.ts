import { TYPE } from '../../dns/message/index.ts'

/**
 * Types that agents may ask for. Left out on purpose: ANY, NULL, zone transfers, mailbox types, signatures by
 * themselves and everything unknown: they serve tunnels and amplification more than agents.
 */
const ORDINARY: ReadonlySet<number> = new Set([
  TYPE.A,
  TYPE.NS,
  TYPE.CNAME,
  TYPE.SOA,
  TYPE.PTR,
  TYPE.HINFO,
  TYPE.MX,
  TYPE.TXT,
  TYPE.RP,
  TYPE.AFSDB,
  TYPE.AAAA,
  TYPE.LOC,
  TYPE.SRV,
  TYPE.NAPTR,
  TYPE.CERT,
  TYPE.DNAME,
  TYPE.DS,
  TYPE.SSHFP,
  TYPE.IPSECKEY,
  TYPE.NSEC,
  TYPE.DNSKEY,
  TYPE.NSEC3PARAM,
  TYPE.TLSA,
  TYPE.SMIMEA,
  TYPE.CDS,
  TYPE.CDNSKEY,
  TYPE.OPENPGPKEY,
  TYPE.CSYNC,
  TYPE.ZONEMD,
  TYPE.SVCB,
  TYPE.HTTPS,
  TYPE.SPF,
  TYPE.EUI48,
  TYPE.EUI64,
  TYPE.URI,
  TYPE.CAA,
])

export const isOrdinaryType = (type: number): boolean => ORDINARY.has(type)

export const isAddressType = (type: number): boolean => type === TYPE.A || type === TYPE.AAAA

export const isServiceType = (type: number): boolean => type === TYPE.HTTPS || type === TYPE.SVCB

/** Types whose records would lead named away from the asked name by themselves. */
export const isRedirectType = (type: number): boolean => type === TYPE.CNAME || type === TYPE.DNAME
