import type { Server } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { currentLayout, type Layout, runtimePaths } from '../base/layout.ts'
import type { Plan } from '../plan/types.ts'
import { DaemonAlerts } from './alerts/daemon-alerts.ts'
import type { ApiContext, ApiViews, RegisterRoutes } from './api/context.ts'
import { Api } from './api/serve.ts'
import { GuardWatch } from './guard-watch.ts'
import { pinnerNames } from './pinner-names.ts'
import { PlanWatch } from './plan-watch.ts'
import { serveQueries } from './query-socket.ts'
import type { RecordListener } from './records/outputs/record-bus.ts'
import type { RecordContextOptions } from './records/record-context.ts'
import { Records } from './records/records.ts'
import { GrowthWatch } from './records/sources/growth-watch.ts'
import { type DaemonStatus, serveStatus } from './status.ts'
import { DaemonTelemetry } from './telemetry/daemon-telemetry.ts'
import { WhyPage } from './why/why-page.ts'

/** Milliseconds between looks at the logs: while nothing happens, and while records wait to be written. */
const PAUSE = { idle: 40, waiting: 8 }

export interface DaemonOptions extends Partial<Omit<RecordContextOptions, 'layout'>> {
  readonly layout?: Layout
  /** What the API shows; absent: there is no API. */
  readonly views?: (facts: DaemonFacts) => ApiViews
  /** Routes of the API beside its own. */
  readonly routes?: readonly RegisterRoutes[]
  /** Ends the daemon; SIGTERM and SIGINT do as well. */
  readonly signal?: AbortSignal
}

/** What the daemon knows without asking anyone. */
export interface DaemonFacts {
  readonly live: () => { readonly plan: Plan; readonly since: Date } | undefined
  readonly status: () => DaemonStatus
}

/**
 * clawgressd: writes decision records until it is told to end. Needs no privilege: it reads logs and the compiled Plan,
 * and enforcement does not notice when it dies.
 */
export async function runDaemon(options: DaemonOptions = {}): Promise<void> {
  const layout = options.layout ?? currentLayout()
  const lookUpNames = options.lookUpNames ?? pinnerNames(layout)
  const plans = new PlanWatch(layout)
  const guard = new GuardWatch(layout)
  const records = new Records({ ...options, layout, lookUpNames, plans }, guard)
  await records.remember()
  const onRecord = (listener: RecordListener) => records.onRecord(listener)
  const counts = new DaemonTelemetry({ layout, plans, guard, onRecord })
  const alerts = new DaemonAlerts({
    layout,
    plans,
    guard,
    onRecord,
    publish: (made) => records.publish(made),
    syslogCommand: options.syslogCommand,
  })
  records.include(alerts)
  const status = () =>
    withTroubles(records.status(), [...counts.troubles, api?.trouble, why.trouble, ...alerts.troubles])
  const api = openApi(
    layout,
    plans,
    {
      status,
      onRecord,
      telemetry: counts.telemetry,
      metricsText: () => counts.metricsText(),
      alerts: () => alerts.report(),
    },
    options,
  )
  const why = new WhyPage({ layout, plan: () => livePlan(plans)?.plan, lookUpNames })
  const servers: Server[] = []
  const { nflogRecords, namedDenials, pinnerDenials } = runtimePaths(layout)
  const growth = new GrowthWatch([nflogRecords, namedDenials, pinnerDenials])
  let isEnding = false
  const end = () => {
    isEnding = true
  }
  options.signal?.addEventListener('abort', end)
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  try {
    why.start()
    servers.push(await serveStatus(layout, status))
    const { telemetry } = counts
    const metricsText = () => counts.metricsText()
    servers.push(await serveQueries(layout, { telemetry, metricsText, onRecord, alerts }))
    while (!isEnding) {
      const now = Date.now()
      guard.refresh(now)
      counts.step(now)
      alerts.step(now)
      await (records.step(now) ? setImmediate() : growth.wait(records.isWaiting ? PAUSE.waiting : PAUSE.idle))
    }
  } finally {
    process.off('SIGTERM', end)
    process.off('SIGINT', end)
    // Also after a failure: a process that still answers on its socket would never be started anew.
    for (const server of servers) server.close()
    await Promise.all([api?.stop(), why.stop()])
    growth.close()
    records.close()
    counts.close()
    await alerts.close()
  }
}

function openApi(
  layout: Layout,
  plans: PlanWatch,
  {
    status,
    ...facts
  }: Pick<DaemonFacts, 'status'> & Pick<ApiContext, 'onRecord' | 'telemetry' | 'metricsText' | 'alerts'>,
  { views, routes = [] }: DaemonOptions,
): Api | undefined {
  if (views === undefined) return undefined
  const live = () => livePlan(plans)
  const api = new Api({ layout, plan: () => live()?.plan, views: views({ live, status }), ...facts, routes })
  api.start()
  return api
}

function livePlan(plans: PlanWatch): ReturnType<DaemonFacts['live']> {
  plans.refresh()
  return plans.live === undefined ? undefined : { plan: plans.live, since: new Date(plans.liveSince ?? 0) }
}

const withTroubles = (status: DaemonStatus, more: readonly (string | undefined)[]): DaemonStatus => ({
  ...status,
  troubles: [...status.troubles, ...more.filter((trouble) => trouble !== undefined)],
})
