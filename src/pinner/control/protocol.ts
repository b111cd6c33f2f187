import type { Problem } from '../../base/errors.ts'
import type { ResolvedCounts } from '../answering/resolved-names.ts'
import type { StoreCounters } from '../book/pin-store.ts'
import type { ActivateResult, FlushList, StageResult } from '../commit/plan-switch.ts'
import type { Counters } from '../metrics.ts'
import type { ServerHealth } from '../upstream/name-server.ts'

/** One line each way on the control socket. */
export type ControlRequest = { readonly command: string } & Readonly<Record<string, unknown>>

export type ControlReply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export interface PinnerStatus {
  /** A Plan is in force, the kernel has our table, listeners are open. */
  readonly ready: boolean
  readonly generation?: string
  readonly stagedGeneration?: string
  /** The generation that the kernel's ruleset carries; absent: no table, or the closed one. */
  readonly kernelGeneration?: string
  readonly bindings: number
  readonly addresses: number
  readonly inFlight: number
  readonly nameServers: readonly ServerHealth[]
  readonly pid: number
  readonly uptimeSeconds: number
  /** What is wrong, as sentences; empty when ready. */
  readonly problems: readonly string[]
}

export interface PinnedName {
  readonly group: string
  readonly name: string
  readonly type: string
  readonly targets: readonly string[]
  readonly classes: readonly string[]
  /** Milliseconds until new flows are refused; 0 where only open flows are still justified. */
  readonly addresses: readonly { readonly address: string; readonly pinnedMs: number; readonly heldMs: number }[]
}

export interface RestoreResult {
  readonly pins: number
  readonly flush: readonly FlushList[]
}

export interface WhoisResult {
  /** By address, in the form it was asked for; names of any group that led to it. */
  readonly addresses: Readonly<Record<string, readonly { readonly group: string; readonly name: string }[]>>
}

export interface PinnerMetrics {
  readonly counters: Counters
  readonly store: StoreCounters
  readonly bindings: number
  readonly addresses: number
  readonly inFlight: number
  readonly journalBytes: number
  readonly nameServers: readonly ServerHealth[]
  readonly memoryBytes: number
}

export interface ControlResults {
  readonly status: PinnerStatus
  readonly load: ActivateResult
  readonly stage: StageResult
  readonly activate: ActivateResult
  readonly abort: { readonly restored: number }
  readonly pins: { readonly pins: readonly PinnedName[]; readonly total: number }
  readonly whois: WhoisResult
  readonly restore: RestoreResult
  readonly reset: { readonly flush: readonly FlushList[] }
  readonly sweep: { readonly flows: number; readonly held: number }
  readonly metrics: PinnerMetrics
  readonly resolved: ResolvedCounts
}

export type ControlCommand = keyof ControlResults
