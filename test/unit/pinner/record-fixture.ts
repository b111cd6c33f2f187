import { parseAddress } from '../../../src/base/address.ts'
import {
  CLASS_IN,
  type Message,
  queryMessage,
  RCODE,
  type RData,
  type ResourceRecord,
  responseTo,
  TYPE,
} from '../../../src/dns/message/index.ts'

export const rr = (name: string, type: number, data: RData, ttl = 300): ResourceRecord => ({
  name,
  type,
  class: CLASS_IN,
  ttl,
  data,
})

export const address = (name: string, text: string, ttl = 300): ResourceRecord => {
  const bytes = parseAddress(text)!
  return rr(name, bytes.length === 4 ? TYPE.A : TYPE.AAAA, { kind: 'address', address: bytes }, ttl)
}

export const alias = (name: string, target: string, ttl = 300) =>
  rr(name, TYPE.CNAME, { kind: 'name', name: target }, ttl)

export const dname = (name: string, target: string, ttl = 300) =>
  rr(name, TYPE.DNAME, { kind: 'name', name: target }, ttl)

export const query = (name: string, type: number = TYPE.A): Message =>
  queryMessage(7, { name, type }, { udpSize: 4096, version: 0, dnssecOk: false, options: [] })

export const reply = (to: Message, answers: readonly ResourceRecord[], rcode: number = RCODE.NOERROR): Message =>
  responseTo(to, rcode, { answers })
