import { formatPrefix, parseAddress } from '../base/address.ts'
import { fail } from '../base/errors.ts'
import type { ReasonCode } from '../base/reasons.ts'
import { normaliseName } from '../policy/index.ts'
import { type GroupIndex, groupIndex, planIndex } from './group-index.ts'
import { groupOf, isServed } from './group-of.ts'
import { isSpecialPurpose, judgeAddress } from './judge-address.ts'
import { embeddedIPv4 } from './special-purpose.ts'
import type { Decision, Group, NameVerdict, Plan, PrefixEntry, Protocol, Question, Rule } from './types.ts'
import { whyPageReason } from './why-page.ts'

const DNS_PORT = 53
/** DNS over TLS and QUIC (RFC 7858, RFC 9250), multicast DNS (RFC 6762): open only where an entry says so. */
export const OTHER_DNS_PORTS: ReadonlySet<number> = new Set([853, 5353])

/**
 * Would this be let through, and why? Pure. What is asked is what is given:
 *
 * - a name: does it resolve (and with a port: is one of its ports that one)?
 * - an address: do listed prefixes reach it? What DNS has pinned is not known here, so any other address is
 *   `net.not-pinned` (`net.private` where no name could ever pin it).
 * - both: may the name resolve, open this address, and on this port?
 *
 * Without a protocol, a port is allowed where TCP or UDP is. Port 53 over either is the gateway's resolver wherever it
 * is addressed: allowed with reason `allow.dns`, unless a name is given that the resolver would refuse. The gateway's
 * own page is `allow.gateway`. `sni` and `at`
 * have no influence yet. Throws ClawgressError `config.value` where client or address is no address.
 */
export function decide(plan: Plan, question: Question): Decision {
  const client = question.client === undefined ? undefined : addressOf(question.client, 'client')
  const group = groupOf(plan, client)
  if (client !== undefined && !isServed(plan, client)) return decision(plan, group, 'net.unknown-client')
  const own = whyPageReason(plan.settings, question)
  if (own !== undefined) return decision(plan, group, own)
  const name = question.name === undefined ? undefined : judgeName(plan, group, question.name)
  const say = (reason: ReasonCode) => decision(plan, group, reason, name?.rule, name?.label)
  if (name !== undefined && !name.allowed) return say(name.reason)
  const { address, protocol, port } = question
  if (protocol !== undefined && protocol !== 'tcp' && protocol !== 'udp') return say('net.protocol')
  if (port === DNS_PORT) return say('allow.dns')
  if (address !== undefined) return judgeFlow(plan, group, addressOf(address, 'address'), name, protocol, port)
  if (name === undefined) return say(isOtherDns(port) ? 'net.dns-bypass' : 'net.not-pinned')
  if (opens(plan, name.classIds, protocol, port)) return say('allow.name')
  return say(isOtherDns(port) ? 'net.dns-bypass' : 'net.port')
}

function judgeFlow(
  plan: Plan,
  group: Group,
  address: Uint8Array,
  name: NameVerdict | undefined,
  protocol: Protocol | undefined,
  port: number | undefined,
): Decision {
  const index = groupIndex(group)
  const label = name?.label ?? index.labels.longest(address)?.label
  const say = (reason: ReasonCode, rule?: Rule) => decision(plan, group, reason, rule, label)
  if (index.denied.holds(address)) return say('net.denied', denyRule(index, address))
  const pin = name === undefined ? undefined : judgeAddress(plan, group.id, address)
  if (pin?.pinnable === true && opens(plan, name!.classIds, protocol, port)) return say('allow.name', name!.rule)
  const classIds = [...index.statics.around(address)].map((entry) => entry.classId)
  const listed = index.allowRules.longest(address)
  const rule = listed === undefined ? undefined : ruleOf(listed)
  if (classIds.length > 0 && opens(plan, classIds, protocol, port)) return say('allow.address', rule)
  if (pin?.reason === 'net.denied') return say('net.denied', denyRule(index, address))
  if (pin?.pinnable === false) return say(pin.reason, name!.rule)
  if (isOtherDns(port)) return say('net.dns-bypass', name?.rule ?? rule)
  if (name !== undefined || classIds.length > 0) return say('net.port', name?.rule ?? rule)
  const isClosed = isSpecialPurpose(address) || planIndex(plan).own.holds(address)
  return say(isClosed ? 'net.private' : 'net.not-pinned')
}

function decision(plan: Plan, group: Group, reason: ReasonCode, rule?: Rule, label?: string): Decision {
  const verdict = reason.startsWith('allow.') ? 'allow' : 'deny'
  const { generation } = plan
  if (rule === undefined) {
    if (label === undefined) return { verdict, reason, group: group.name, generation }
    return { verdict, reason, label, group: group.name, generation }
  }
  if (label === undefined) return { verdict, reason, rule, group: group.name, generation }
  return { verdict, reason, rule, label, group: group.name, generation }
}

const isOtherDns = (port: number | undefined): boolean => port !== undefined && OTHER_DNS_PORTS.has(port)

/** Is there a class that opens the port; or, without a port, any port of the protocol? */
function opens(
  plan: Plan,
  classIds: readonly number[],
  protocol: Protocol | undefined,
  port: number | undefined,
): boolean {
  if (protocol === undefined && port === undefined) return true
  for (const id of classIds) {
    const { tcp, udp } = plan.classes[id]!
    for (const ranges of protocol === 'tcp' ? [tcp] : protocol === 'udp' ? [udp] : [tcp, udp]) {
      for (const { first, last } of ranges) if (port === undefined || (port >= first && port <= last)) return true
    }
  }
  return false
}

/** Queries come in lower case and as A-labels; a person's spelling is brought into that form first. */
function judgeName(plan: Plan, group: Group, text: string): NameVerdict {
  if (isAscii(text)) return plan.names.judge(group.id, text)
  const normal = normaliseName(text)
  return plan.names.judge(group.id, typeof normal === 'string' || normal.wildcard ? '' : normal.name)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

/** The deny entry for the address, or for an IPv4 address that it carries. */
function denyRule(index: GroupIndex, address: Uint8Array): Rule | undefined {
  for (const form of [address, ...embeddedIPv4(address)]) {
    const entry = index.denyRules.longest(form)
    if (entry !== undefined) return ruleOf(entry)
  }
  return undefined
}

const ruleOf = (entry: PrefixEntry): Rule => ({ path: entry.path, text: formatPrefix(entry.prefix) })

function addressOf(text: string, what: string): Uint8Array {
  return parseAddress(text) ?? fail('config.value', `The ${what} ${JSON.stringify(text)} is not an IP address.`)
}
