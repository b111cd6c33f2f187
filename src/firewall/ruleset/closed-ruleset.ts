import type { PlanSettings } from '../../plan/types.ts'
import { isDynamicSet } from '../names.ts'
import { ANY_GROUP, DENIAL_LIMITS, DENIAL_SETS, denialChain, denialName, LOG_COUNTERS } from './denials.ts'
import { refusalChains, stamp } from './forward-chains.ts'
import { inputChains, quotedSet, untrackedChains } from './gateway-chains.ts'
import { withMarker } from './live-marker.ts'
import { markField } from './mark-field.ts'
import { type LiveObjects, NO_OBJECTS, printTransaction, type Ruleset } from './text.ts'

export type ClosedSettings = Pick<PlanSettings, 'clientInterfaces' | 'markMask' | 'denyAction'>

/**
 * Default deny for everything that clients begin, DNS included, and for every flow of theirs that is open; connections
 * begun from outside live on. Needs no Plan: it is what stands at boot before anything can fail, and whenever the
 * table was lost. Pins that are live are kept for the ruleset that comes next.
 */
export function printClosedRuleset(settings: ClosedSettings, live: LiveObjects = NO_OBJECTS): string {
  const closed = denialName(ANY_GROUP, 'policy.closed')
  const clients = quotedSet(settings.clientInterfaces)
  const ruleset: Ruleset = {
    chains: [
      ...untrackedChains(),
      ...inputChains(settings.clientInterfaces, [], [], closed),
      {
        name: 'forward',
        base: 'type filter hook forward priority filter - 5; policy drop;',
        rules: [
          `iifname != ${clients} oifname != ${clients} accept`,
          `iifname ${clients} oifname ${clients} goto ${closed}`,
          `ct state { invalid, untracked } goto ${closed}`,
          `ct state related meta l4proto != { icmp, icmpv6 } goto ${closed}`,
          `oifname ${clients} ct direction original goto admit_inbound`,
          `iifname ${clients} ct direction reply goto admit_inbound`,
          `goto ${closed}`,
        ],
      },
      { name: 'admit_inbound', rules: [inboundStamp(settings.markMask)] },
      denialChain({ scope: ANY_GROUP, reason: 'policy.closed', mark: 0, end: 'refuse' }),
      ...refusalChains(settings.denyAction),
    ],
    sets: DENIAL_SETS,
    counters: [closed, LOG_COUNTERS.logged, LOG_COUNTERS.notLogged],
    limits: DENIAL_LIMITS,
  }
  return printTransaction(withMarker(ruleset, undefined, 0), live, isDynamicSet)
}

function inboundStamp(mask: number): string {
  const field = markField(mask)
  return stamp(field, field.inbound)
}
