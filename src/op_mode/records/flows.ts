import { formatAddress } from '../../base/address.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { protocolName } from '../../daemon/records/sources/protocol-name.ts'
import { type Flow, markField, visitFlows } from '../../firewall/index.ts'
import { PinnerClient, type WhoisResult } from '../../pinner/control-client.ts'
import { groupOf } from '../../plan/index.ts'
import type { Plan } from '../../plan/types.ts'
import { formatDuration } from '../format/duration.ts'
import { formatOctets } from '../format/octets.ts'
import type { Shown } from '../format/shown.ts'
import { printTable } from '../format/table.ts'
import { livePlan } from '../policy/live-plan.ts'
import { clientBytes } from './client-address.ts'

export interface FlowsOptions {
  readonly client?: string
  /** Flows that are shown, those with the most octets. */
  readonly last?: number
}

export interface OpenFlow {
  readonly client: string
  readonly group: string
  /** Names of the group that lead to the address; several where it is shared. */
  readonly names: readonly string[]
  readonly address: string
  readonly port: number
  readonly protocol: string
  /** `null`: the kernel does not count. */
  readonly bytesUp: number | null
  readonly bytesDown: number | null
  readonly seconds: number | null
}

const DEFAULT_LAST = 50
/** As many as the pinner takes in one question. */
const WHOIS = 1_000
const TIMEOUT = 3_000

/** Allowed flows that the kernel knows now, with names from the pinner. Needs root. Throws ClawgressError. */
export async function showFlows(
  layout: Layout,
  { client, last = DEFAULT_LAST }: FlowsOptions = {},
): Promise<Shown<{ flows: OpenFlow[]; total: number }>> {
  const { plan } = livePlan(layout)
  const address = client === undefined ? undefined : clientBytes(client)
  const found: Flow[] = []
  const field = markField(plan.settings.markMask)
  visitFlows(
    address === undefined ? {} : { client: address },
    (flow) => {
      const number = field.number(flow.mark)
      if (number !== 0 && number !== field.inbound && number !== field.dead && flow.ended !== true) found.push(flow)
    },
    true,
  )
  found.sort((a, b) => octets(b) - octets(a))
  const shown = found.slice(0, last)
  const names = await namesBehind(layout, shown)
  const flows = shown.map((flow) => openFlow(plan, flow, names))
  return { data: { flows, total: found.length }, text: printFlows(flows, found.length) }
}

const octets = ({ counts }: Flow): number => (counts === undefined ? 0 : counts.up.bytes + counts.down.bytes)

function openFlow(plan: Plan, flow: Flow, names: WhoisResult['addresses']): OpenFlow {
  const { original, reply, protocol, counts } = flow
  const address = formatAddress(reply.source)
  const group = groupOf(plan, original.source).name
  const known = (names[address] ?? []).filter((each) => each.group === group).map(({ name }) => name)
  return {
    client: formatAddress(original.source),
    group,
    names: [...new Set(known)],
    address,
    port: reply.sourcePort,
    protocol: protocolName(protocol),
    bytesUp: counts?.up.bytes ?? null,
    bytesDown: counts?.down.bytes ?? null,
    seconds: counts?.start === undefined ? null : Math.max(0, (Date.now() - counts.start) / 1000),
  }
}

/** Without the pinner, flows are shown by address. */
async function namesBehind(layout: Layout, flows: readonly Flow[]): Promise<WhoisResult['addresses']> {
  const pinner = new PinnerClient(runtimePaths(layout).pinnerSocket, TIMEOUT)
  const addresses = [...new Set(flows.map(({ reply }) => formatAddress(reply.source)))]
  const names: Record<string, WhoisResult['addresses'][string]> = {}
  try {
    for (let at = 0; at < addresses.length; at += WHOIS)
      Object.assign(names, (await pinner.whois(addresses.slice(at, at + WHOIS))).addresses)
  } catch {
    // `show clawgress status` says what is wrong with it.
  }
  return names
}

function printFlows(flows: readonly OpenFlow[], total: number): string {
  if (flows.length === 0) return 'No allowed flows are open.\n'
  const rows = flows.map(({ client, group, names, address, port, protocol, bytesUp, bytesDown, seconds }) => [
    client,
    group,
    names.length === 0 ? '-' : names.length === 1 ? names[0]! : `one of ${names.length}: ${names[0]}, …`,
    `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`,
    bytesUp === null ? '?' : formatOctets(bytesUp),
    bytesDown === null ? '?' : formatOctets(bytesDown),
    seconds === null ? '?' : formatDuration(seconds),
  ])
  const header = ['Client', 'Group', 'Name', 'Destination', 'Sent', 'Received', 'Age']
  const more = total > flows.length ? `\n${total - flows.length} more flows are open; see more with --last.\n` : ''
  const uncounted = flows.some(({ bytesUp }) => bytesUp === null)
    ? '\n?: the flow is older than the counting, or "system conntrack flow-accounting" is off.\n'
    : ''
  return printTable(header, rows) + more + uncounted
}
