import type { ReasonCode } from '../../../base/reasons.ts'
import { jsonFields } from './json-fields.ts'
import { protocolName } from './protocol-name.ts'
import { canonicalAddress, isInstant, type RawDenial, reasonCode } from './raw-denial.ts'

/** What the ruleset says in an NFLOG prefix: `cg:g=<group key>;r=<reason code>`. */
export interface LogPrefix {
  readonly group?: string
  readonly reason?: ReasonCode
}

/** Reads a prefix; fields it does not know are passed over. */
export function parseLogPrefix(text: string): LogPrefix {
  const fields = new Map(
    text
      .replace(/^cg:/, '')
      .split(';')
      .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1).trim()]),
  )
  const group = fields.get('g')
  const reason = reasonCode(fields.get('r'))
  return { ...(group ? { group } : {}), ...(reason ? { reason } : {}) }
}

const MAX_KNOWN = 1000
const known = new Map<string, LogPrefix>()

/** A ruleset has few prefixes, and most lines the same. */
function knownPrefix(text: string): LogPrefix {
  let prefix = known.get(text)
  if (prefix === undefined) {
    if (known.size >= MAX_KNOWN) known.clear()
    prefix = parseLogPrefix(text)
    known.set(text, prefix)
  }
  return prefix
}

/** A denied packet, and the kernel's running number of it (ulogd2's `seq_local`). */
export interface NflogLine {
  readonly denial: RawDenial
  readonly sequence?: number
}

/**
 * Reads one line of ulogd2's JSON output (keys as `ulogd -i ulogd_output_JSON.so` and its inputs list them).
 * `isClientInterface` tells a reply of a revoked flow, whose source is the server, from a client's own packet.
 * Undefined where the line is none.
 */
export function parseNflogLine(line: string, isClientInterface: (name: string) => boolean): NflogLine | undefined {
  const fields = jsonFields(line)
  if (fields === undefined) return undefined
  const from = canonicalAddress(fields.src_ip)
  const to = canonicalAddress(fields.dest_ip)
  if (from === undefined || to === undefined) return undefined
  const number = (key: string) => (Number.isSafeInteger(fields[key]) ? (fields[key] as number) : undefined)
  const text = (key: string) => (typeof fields[key] === 'string' ? (fields[key] as string) : '')
  const isReply = isClientInterface(text('oob.out')) && !isClientInterface(text('oob.in')) && text('oob.in') !== ''
  const [client, address] = isReply ? [to, from] : [from, to]
  const [clientPort, port] = isReply
    ? [number('dest_port'), number('src_port')]
    : [number('src_port'), number('dest_port')]
  const protocolNumber = number('ip.protocol') ?? number('ip6.nexthdr')
  const sequence = number('oob.seq.local')
  const time = number('oob.time.sec')! * 1000 + Math.floor((number('oob.time.usec') ?? 0) / 1000)
  const denial: { -readonly [Key in keyof RawDenial]: RawDenial[Key] } = {
    source: 'kernel',
    time: isInstant(time) ? time : Date.now(),
    client,
    address,
    ...knownPrefix(text('oob.prefix')),
  }
  if (port !== undefined) denial.port = port
  if (clientPort !== undefined) denial.clientPort = clientPort
  if (protocolNumber !== undefined) denial.protocol = protocolName(protocolNumber)
  return sequence === undefined ? { denial } : { denial, sequence }
}
