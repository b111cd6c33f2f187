import { createHash } from 'node:crypto'
import { fail } from '../base/errors.ts'
import { type EntryAttributes, formatPorts, joinPorts, type PortRange } from '../policy/index.ts'
import type { PinClass } from './types.ts'

const DNS_PORT = 53

/** Numbers pin classes in the order in which they are first used. */
export class ClassList {
  readonly list: PinClass[] = []
  private readonly ids = new Map<string, number>()

  /** The class of an entry in a group whose default ports are `defaults`. */
  id(attributes: EntryAttributes, defaults: readonly PortRange[]): number {
    const ports = withoutDns(attributes.ports ?? defaults)
    const has = (protocol: 'tcp' | 'udp') =>
      attributes.protocols === undefined || attributes.protocols.includes(protocol)
    const tcp = has('tcp') ? ports : []
    const udp = has('udp') ? ports : []
    const content = `tcp ${formatPorts(tcp)} udp ${formatPorts(udp)}`
    const known = this.ids.get(content)
    if (known !== undefined) return known
    const id = this.list.length
    const key = createHash('sha256').update(content).digest('hex').slice(0, 8)
    if (this.list.some((other) => other.key === key)) fail('internal.bug', `Two pin classes share the key ${key}.`)
    this.ids.set(content, id)
    this.list.push({ id, key, tcp, udp })
    return id
  }
}

/** Port 53 always leads to the gateway's resolver, so no class opens it towards anybody else. */
function withoutDns(ranges: readonly PortRange[]): PortRange[] {
  return joinPorts(ranges).flatMap((range) => {
    if (range.first > DNS_PORT || range.last < DNS_PORT) return [range]
    const below = { first: range.first, last: DNS_PORT - 1 }
    const above = { first: DNS_PORT + 1, last: range.last }
    return [below, above].filter(({ first, last }) => first <= last)
  })
}
