export type { ActivateResult, FlushList, StageResult } from './commit/plan-switch.ts'
export {
  type ControlResults,
  type PinnedName,
  PinnerClient,
  type PinnerMetrics,
  type PinnerStatus,
  type RestoreResult,
  type WhoisResult,
} from './control-client.ts'
export { FLOW_WORKER_COMMAND } from './flows/flow-reader.ts'
export { runFlowWorker } from './flows/flow-worker.ts'
export { runPinner } from './process.ts'
