import type { AnyRecord } from '../../records/kinds/record-kinds.ts'
import type { TelemetryAnswer, TelemetryPoint, TelemetryRow } from '../../telemetry/telemetry.ts'
import type { Window } from '../../telemetry/timeline.ts'

export type { AnyRecord, TelemetryAnswer, TelemetryPoint, TelemetryRow, Window }

/** What `GET /clawgress/status` tells, as far as it is shown. */
export interface Status {
  readonly enforcing: boolean
  /** `service clawgress disable` stands in the configuration; nothing else is told then. */
  readonly disabled?: true
  readonly troubles: readonly string[]
  readonly generation?: string
  readonly since?: string
  readonly policyFile?: string | null
  readonly allowedDomains?: number
  readonly deniedDomains?: number
  readonly allowedPrefixes?: number
  readonly clientInterfaces?: readonly string[]
  readonly services?: readonly Service[] | { readonly unknown: string }
}

export interface Service {
  readonly name: string
  readonly state: string
  readonly since?: number
  readonly restarts: number
  readonly description: string
}

/** An entry of `GET /clawgress/policy/versions`. */
export interface Version {
  readonly number: number
  readonly generation: string
  readonly time: string
  readonly user: string
  readonly policyFile?: string
  readonly config?: true
  readonly summary: string
  readonly live: boolean
}

/** What `GET /clawgress/policy/test` tells. */
export interface Verdict {
  readonly verdict: 'allow' | 'deny'
  readonly reason: string
  readonly message: string
  readonly next: string
  readonly rule?: { readonly path: string; readonly text: string }
  readonly label?: string
  readonly ports?: string
  readonly group: string
  readonly generation: string
}

export interface Session {
  readonly id: string
  readonly role: 'viewer' | 'operator' | 'admin'
}

export interface RecordPage {
  readonly records: readonly AnyRecord[]
  /** Null: the logs have nothing older. */
  readonly cursor: string | null
  /** Time; null unless what is older is yet to be searched. */
  readonly searchedTo: string | null
}
