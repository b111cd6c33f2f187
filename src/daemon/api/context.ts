import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Layout } from '../../base/layout.ts'
import type { Plan } from '../../plan/types.ts'
import type { AlertReport } from '../alerts/daemon-alerts.ts'
import type { RecordListener } from '../records/outputs/record-bus.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Caller } from './keys.ts'
import type { Operations } from './operations.ts'
import type { ApiSettings, Role } from './settings.ts'

export type ApiServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

/**
 * What operators are shown, for programs: the operational commands' own facts. Handed in by the program, because the
 * commands lie above the daemon. Each throws ClawgressError.
 */
export interface ApiViews {
  status(): Promise<StatusView>
  /** The live policy as JSON: the file that holds it, or, where the configuration has a share in it, a text. */
  policy(): { readonly generation: string } & ({ readonly file: string } | { readonly text: Buffer })
  versions(): readonly object[]
  test(plan: Plan, question: TestQuestion): object
  /** Between two entries of the history, by number or generation; absent: the one before the live one, and the live one. */
  difference(from: string | undefined, to: string | undefined): object
}

export interface StatusView {
  readonly enforcing: boolean
  /** Sentences; empty when all is well. */
  readonly troubles: readonly string[]
  readonly [fact: string]: unknown
}

export interface TestQuestion {
  readonly name?: string
  readonly client?: string
  readonly address?: string
  readonly port?: number
  readonly protocol?: string
}

/** What routes may use. */
export interface ApiContext {
  readonly layout: Layout
  /** As of now: a commit may change them under an open server. */
  readonly settings: () => ApiSettings
  /** The Plan that is proven live. */
  readonly plan: () => Plan | undefined
  readonly views: ApiViews
  /** Calls with every record as it is written; returns how to stop. */
  readonly onRecord: (listener: RecordListener) => () => void
  readonly telemetry: Pick<Telemetry, 'query' | 'series'>
  /** Prometheus' text format, and its content type. */
  readonly metricsText: () => Promise<{ readonly text: string; readonly contentType: string }>
  readonly alerts: () => AlertReport
  readonly operations: Operations
}

/**
 * Adds routes to the API. Each says in its `config` who may call it: `{ role }`, or `{ open: true }` for everyone who
 * reaches the server. A route that says neither is for admins.
 */
export type RegisterRoutes = (app: ApiServer, context: ApiContext) => void | Promise<void>

declare module 'fastify' {
  interface FastifyContextConfig {
    role?: Role
    open?: true
    /** The key may come in the body, as VyOS takes it; then it is asked for after the body was read. */
    formKey?: true
  }
  interface FastifyInstance {
    /** Every request comes in here. */
    readonly answer: RequestListener
  }
  interface FastifyRequest {
    caller: Caller | undefined
    /** For answers that have no end: the key that it came with may be taken away. Only where a header carried it. */
    isStillAdmitted: () => boolean
  }
}
