import { jsonFields } from './json-fields.ts'
import { canonicalAddress, isInstant } from './raw-denial.ts'

/** One way of a flow. Absent: the kernel did not count (accounting was off when the flow began). */
export interface Traffic {
  /** Octets with the headers of IP. */
  readonly bytes: number
  readonly packets: number
}

/** A connection that the kernel has forgotten. */
export interface EndedFlow {
  readonly client: string
  readonly clientPort?: number
  /** True destination: who answered, behind any destination NAT. */
  readonly address: string
  readonly port?: number
  /** IP protocol number. */
  readonly protocol: number
  /** Whole ct mark. */
  readonly mark: number
  /** Milliseconds since the epoch; `start` is absent where the kernel did not note it. */
  readonly start?: number
  readonly end: number
  readonly up?: Traffic
  readonly down?: Traffic
}

/**
 * Reads one line of ulogd2's NFCT input in JSON (keys as `ulogd -i ulogd_inpflow_NFCT.so` lists them). Undefined where
 * it is none; `'unmarked'` where no ruleset of ours has seen the flow.
 */
export function parseFlowLine(line: string): EndedFlow | 'unmarked' | undefined {
  // Most of a router's flows may be none of ours: those cost no parsing.
  if (line.includes('"ct.mark": 0,') || line.includes('"ct.mark":0,')) return 'unmarked'
  const fields = jsonFields(line)
  if (fields === undefined) return undefined
  const number = (key: string) => {
    const value = fields[key]
    return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
  }
  const port = (key: string) => {
    const value = number(key)
    return value !== undefined && value <= 65535 ? value : undefined
  }
  const time = (key: string) => {
    const seconds = number(`flow.${key}.sec`)
    // Zero: the kernel did not note it.
    if (seconds === undefined || seconds === 0) return undefined
    const milliseconds = seconds * 1000 + Math.floor((number(`flow.${key}.usec`) ?? 0) / 1000)
    return isInstant(milliseconds) ? milliseconds : undefined
  }
  const traffic = (side: string): Traffic | undefined => {
    const bytes = number(`${side}.raw.pktlen`)
    const packets = number(`${side}.raw.pktcount`)
    return bytes === undefined || packets === undefined ? undefined : { bytes, packets }
  }
  const client = canonicalAddress(fields.src_ip)
  const address = canonicalAddress(fields['reply.ip.saddr.str']) ?? canonicalAddress(fields.dest_ip)
  const protocol = number('orig.ip.protocol')
  if (client === undefined || address === undefined || protocol === undefined || protocol > 255) return undefined
  const up = traffic('orig')
  const down = traffic('reply')
  // The first packet of any flow was counted, where the kernel counted at all.
  const isCounted = up !== undefined && down !== undefined && up.packets > 0
  const start = time('start')
  const clientPort = port('orig.l4.sport')
  const targetPort = port('reply.l4.sport') ?? port('orig.l4.dport')
  return {
    client,
    address,
    protocol,
    mark: number('ct.mark') ?? 0,
    end: time('end') ?? Date.now(),
    ...(clientPort === undefined ? {} : { clientPort }),
    ...(targetPort === undefined ? {} : { port: targetPort }),
    ...(start === undefined ? {} : { start }),
    ...(isCounted ? { up, down } : {}),
  }
}
