import { formatPrefix, parseAddress } from '../base/address.ts'
import { fail } from '../base/errors.ts'
import type { ReasonCode } from '../base/reasons.ts'
import { normaliseName } from '../policy/index.ts'
import { groupIndex, planIndex } from './group-index.ts'
import { groupOf, isServed } from './group-of.ts'
import { isSpecialPurpose, judgeAddress } from './judge-address.ts'
import type { Decision, Group, NameVerdict, Plan, PrefixEntry, Question, Rule } from './types.ts'

const DNS_PORT = 53
/** DNS over TLS and QUIC (RFC 7858, RFC 9250), multicast DNS (RFC 6762). */
const OTHER_DNS_PORTS = new Set([853, 5353])

/**
 * Would this be let through, and why? Pure. What is asked is what is given:
 *
 * - a name: does it resolve (and with a port: is one of its ports that one)?
 * - an address: do listed prefixes reach it? What DNS has pinned is not known here, so any other address is
 *   `net.not-pinned` (`net.private` where no name could ever pin it).
 * - both: may the name resolve, open this address, and on this port?
 *
 * Without a protocol, a port is allowed where TCP or UDP is. Port 53 over either is the gateway's resolver wherever it
 * is addressed: allowed with reason `allow.dns`, unless a name is given that the resolver would refuse. `sni` and `at`
 * have no influence yet. Throws ClawgressError `config.value` where client or address is no address.
 */
export function decide(plan: Plan, question: Question): Decision {
  const client = question.client === undefined ? undefined : addressOf(question.client, 'client')
  const group = groupOf(plan, client)
  const answer = (reason: ReasonCode, rule?: Rule, label?: string): Decision => ({
    verdict: reason.startsWith('allow.') ? 'allow' : 'deny',
    reason,
    ...(rule === undefined ? {} : { rule }),
    ...(label === undefined ? {} : { label }),
    group: group.name,
    generation: plan.generation,
  })
  if (client !== undefined && !isServed(plan, client)) return answer('net.unknown-client')
  const name = question.name === undefined ? undefined : judgeName(plan, group, question.name)
  if (name !== undefined && !name.allowed) return answer(name.reason, name.rule, name.label)
  const { protocol, port } = question
  if (protocol !== undefined && protocol !== 'tcp' && protocol !== 'udp')
    return answer('net.protocol', name?.rule, name?.label)
  if (port === DNS_PORT) return answer('allow.dns', name?.rule, name?.label)
  if (question.address === undefined) {
    if (name === undefined)
      return port !== undefined && OTHER_DNS_PORTS.has(port) ? answer('net.dns-bypass') : answer('net.not-pinned')
    return answer(opens(plan, name.classIds, protocol, port) ? 'allow.name' : closedPort(port), name.rule, name.label)
  }
  return judgeFlow(plan, group, addressOf(question.address, 'address'), name, protocol, port, answer)
}

function judgeFlow(
  plan: Plan,
  group: Group,
  address: Uint8Array,
  name: NameVerdict | undefined,
  protocol: 'tcp' | 'udp' | undefined,
  port: number | undefined,
  answer: (reason: ReasonCode, rule?: Rule, label?: string) => Decision,
): Decision {
  const index = groupIndex(group)
  const label = name?.label ?? index.labels.longest(address)?.label
  const denied = index.denyRules.longest(address)
  if (denied !== undefined) return answer('net.denied', ruleOf(denied), label)
  const verdict = name === undefined ? undefined : judgeAddress(plan, group.id, address)
  if (verdict?.reason === 'net.denied') return answer('net.denied', undefined, label)
  if (verdict?.pinnable === true && opens(plan, name!.classIds, protocol, port))
    return answer('allow.name', name!.rule, label)
  const classIds = [...index.statics.around(address)].map((entry) => entry.classId)
  const listed = index.allowRules.longest(address)
  const rule = listed === undefined ? undefined : ruleOf(listed)
  if (opens(plan, classIds, protocol, port) && classIds.length > 0) return answer('allow.address', rule, label)
  if (verdict?.pinnable === false) return answer('dns.rebind', name!.rule, label)
  if (port !== undefined && OTHER_DNS_PORTS.has(port)) return answer('net.dns-bypass', name?.rule ?? rule, label)
  if (name !== undefined || classIds.length > 0) return answer('net.port', name?.rule ?? rule, label)
  const closed = isSpecialPurpose(address) || planIndex(plan).own.holds(address)
  return answer(closed ? 'net.private' : 'net.not-pinned', undefined, label)
}

const closedPort = (port: number | undefined): ReasonCode =>
  port !== undefined && OTHER_DNS_PORTS.has(port) ? 'net.dns-bypass' : 'net.port'

/** Is there a class that opens the port; or, without a port, any port of the protocol? */
function opens(
  plan: Plan,
  classIds: readonly number[],
  protocol: 'tcp' | 'udp' | undefined,
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
  if (/^[a-z0-9_.-]+$/i.test(text)) return plan.names.judge(group.id, text)
  const normal = normaliseName(text)
  return plan.names.judge(group.id, typeof normal === 'string' || normal.wildcard ? '' : normal.name)
}

const ruleOf = (entry: PrefixEntry): Rule => ({ path: entry.path, text: formatPrefix(entry.prefix) })

function addressOf(text: string, what: string): Uint8Array {
  return parseAddress(text) ?? fail('config.value', `The ${what} ${JSON.stringify(text)} is not an IP address.`)
}
