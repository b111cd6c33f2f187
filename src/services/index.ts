export { type Handed, requestActivation } from './activation/client.ts'
export {
  type ActivationReply,
  type ActivationRequest,
  type ActivationResult,
  activationResult,
} from './activation/protocol.ts'
export { readActivationRequest } from './activation/read-request.ts'
export { appendCommit, COMMIT_SCHEMA, type CommitRecord, commitRecord } from './commit-log.ts'
export { keepInherited, tryExclusive } from './file-lock.ts'
export { historyFolder, prepareFolders, unitLogs } from './folders.ts'
export { ALERT_SCHEMA, type AlertRecord, alertRecord } from './guard/alerts.ts'
export { type Confirmation, confirmationSchema } from './guard/confirmation.ts'
export { PolicyFileWatch } from './guard/policy-file-watch.ts'
export { type GuardSight, readGuardReport } from './guard/report.ts'
export { runGuard } from './guard/run-guard.ts'
export { withLock } from './lock.ts'
export { openSealedMemory, writtenTo } from './sealed-memory.ts'
export { type Services, services } from './services.ts'
export { printUlogdConf } from './ulogd-conf.ts'
export type { UnitDefinition, UnitName, UnitStatus } from './unit-definition.ts'
export { UNIT_NAMES } from './unit-definition.ts'
export { unitDefinitions } from './units.ts'
export { lookForUntracked, type Untracked, untrackedForClients } from './untracked.ts'
export { untrackedProblem, untrackedTrouble, untrackedWarning } from './untracked-sentences.ts'
