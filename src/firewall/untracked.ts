import type { Family } from '../base/address.ts'
import { NFPROTO } from './netlink/dump.ts'
import { withSocket } from './netlink/kept-socket.ts'
import { type Rule, readHookedChains, readRules, type TableFamily, type Verdict } from './netlink/rules.ts'

const PREROUTING = 0
/** From here on connection tracking has seen the packet (linux/netfilter_ipv4.h, NF_IP_PRI_CONNTRACK). */
const TRACKED_FROM = -200
/** The kernel refuses to load deeper jumps. */
const DEEPEST = 16

const FAMILIES: ReadonlyMap<TableFamily, readonly Family[]> = new Map([
  [NFPROTO.ipv4, [4]],
  [NFPROTO.ipv6, [6]],
  [NFPROTO.inet, [4, 6]],
])

/**
 * Families whose packets some chain takes out of connection tracking, all that come in: VyOS does so for a family where
 * nothing in its configuration asks for tracking (facts: datapath 0.8), and a raw rule without a condition does.
 * Packets that a rule before it accepts are not all. Throws ClawgressError `apply.kernel`, `system.privilege`.
 */
export function untrackedFamilies(): Family[] {
  return withSocket((socket) => {
    const found = [...FAMILIES].flatMap(([family, meant]) =>
      readHookedChains(socket, family)
        .filter(({ hook, priority }) => hook === PREROUTING && priority < TRACKED_FROM)
        .some(({ table, name }) => endOf(name, (chain) => readRules(socket, family, table, chain)) === 'untracked')
        ? meant
        : [],
    )
    return ([4, 6] as const).filter((family) => found.includes(family))
  })
}

type End =
  /** A rule takes every packet out of tracking. */
  | 'untracked'
  /** No packet goes on, or some may be elsewhere already. */
  | 'ended'
  | 'through'

function endOf(first: string, rulesOf: (chain: string) => Rule[]): End {
  const known = new Map<string, End>()
  const follow = (chain: string, depth: number): End => {
    const end = known.get(chain) ?? (depth > DEEPEST ? 'ended' : walk(rulesOf(chain), depth))
    known.set(chain, end)
    return end
  }
  const walk = (rules: readonly Rule[], depth: number): End => {
    for (const { isConditional, isNotrack, verdicts } of rules) {
      if (isConditional) {
        const isBack = ({ kind, chain }: Verdict) =>
          kind === 'drop' || (kind === 'jump' && follow(chain, depth + 1) !== 'ended')
        if (!verdicts.every(isBack)) return 'ended'
        continue
      }
      if (isNotrack) return 'untracked'
      const [verdict] = verdicts
      if (verdict === undefined) continue
      if (verdict.kind === 'return') return 'through'
      if (verdict.kind !== 'jump' && verdict.kind !== 'goto') return 'ended'
      const end = follow(verdict.chain, depth + 1)
      if (end !== 'through' || verdict.kind === 'goto') return end
    }
    return 'through'
  }
  return follow(first, 0)
}
