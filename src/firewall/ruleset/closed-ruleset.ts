import type { PlanSettings } from '../../plan/types.ts'
import { isDynamicSet } from '../names.ts'
import { CLIENT_LIMIT_SETS } from './client-limits.ts'
import { ANY_GROUP, DENIAL_LIMITS, DENIAL_SETS, denialChain, denialName, LOG_COUNTERS } from './denials.ts'
import { refuseChain } from './forward-chains.ts'
import { inputChains, quotedSet, untrackedChains } from './gateway-chains.ts'
import { inboundChains } from './inbound-chains.ts'
import { withMarker } from './live-marker.ts'
import { hex, markField } from './mark-field.ts'
import { type LiveObjects, NO_OBJECTS, printTransaction, type Ruleset } from './text.ts'

export type ClosedSettings = Pick<PlanSettings, 'clientInterfaces' | 'markMask' | 'denyAction'>

/**
 * Default deny for everything that clients begin, DNS included, and for every flow of theirs that is open; flows that
 * were admitted as begun from outside live on, and new ones over TCP may begin. Needs no Plan: it is what stands at boot before anything can fail, and whenever the
 * table was lost. Pins that are live are kept for the ruleset that comes next.
 */
export function printClosedRuleset(settings: ClosedSettings, live: LiveObjects = NO_OBJECTS): string {
  const closed = denialName(ANY_GROUP, 'policy.closed')
  const clients = quotedSet(settings.clientInterfaces)
  const field = markField(settings.markMask)
  const ruleset: Ruleset = {
    chains: [
      ...untrackedChains(),
      ...inputChains(settings.clientInterfaces, [], [], closed, closed),
      {
        name: 'forward',
        base: 'type filter hook forward priority filter - 5; policy drop;',
        rules: [
          `iifname != ${clients} oifname != ${clients} accept`,
          `iifname ${clients} oifname ${clients} goto ${closed}`,
          `ct state { invalid, untracked } goto ${closed}`,
          `ct state related meta l4proto != { icmp, icmpv6 } goto ${closed}`,
          `ct mark & ${hex(field.mask)} == ${hex(field.bits(field.inbound))} accept`,
          `oifname ${clients} ct state new goto begin_inbound`,
          `goto ${closed}`,
        ],
      },
      ...inboundChains(field, `goto ${closed}`),
      denialChain({ scope: ANY_GROUP, reason: 'policy.closed', mark: 0, end: 'refuse' }),
      refuseChain(settings.denyAction),
    ],
    sets: [...DENIAL_SETS, ...CLIENT_LIMIT_SETS.filter(({ name }) => name.startsWith('ping'))],
    counters: [closed, LOG_COUNTERS.logged, LOG_COUNTERS.notLogged],
    limits: DENIAL_LIMITS,
  }
  return printTransaction(withMarker(ruleset, undefined, 0), live, isDynamicSet)
}
