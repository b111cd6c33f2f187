export { readClientQueries } from './client-queries.ts'
export { type Count, type Counters, readCounters } from './counters.ts'
export { anyFlow, deleteFlows, dumpFlows, type FlowFilter, setFlowMarks, visitFlows } from './flows/conntrack.ts'
export type { Flow, FlowCounts, Tuple } from './flows/flow.ts'
export { nextMark } from './flows/generation-mark.ts'
export {
  type FlowTarget,
  flowTarget,
  type HeldDestination,
  heldDestinations,
  lostFlows,
} from './flows/justification.ts'
export { probeFlows } from './flows/prober.ts'
export { forgetStaleQueries } from './flows/stale-queries.ts'
export { hasFlowtables, type LiveRuleset, liveRuleset, readLiveObjects } from './live.ts'
export { heldSetName, pinSetName, TABLE } from './names.ts'
export { applyRuleset, checkRuleset, removeTable, replaceTable } from './nft.ts'
export { PinError, type PinFailure, type PinOperation, PinWriter, type SetAddress } from './pin-writer.ts'
export { type ClosedSettings, printClosedRuleset } from './ruleset/closed-ruleset.ts'
export { ANY_GROUP } from './ruleset/denials.ts'
export type { InterfaceNetworks } from './ruleset/gateway-chains.ts'
export { type MarkField, markField } from './ruleset/mark-field.ts'
export { printRuleset, type RulesetOptions } from './ruleset/open-ruleset.ts'
export { type LiveObjects, NO_OBJECTS } from './ruleset/text.ts'
export { untrackedFamilies } from './untracked.ts'
