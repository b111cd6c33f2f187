import { join } from 'node:path'
import type { Layout } from '../../base/layout.ts'
import { runtimePaths } from '../../base/layout.ts'
import { PinnerClient } from '../../pinner/control-client.ts'
import type { GuardWatch } from '../guard-watch.ts'
import type { PlanWatch } from '../plan-watch.ts'
import type { RecordListener } from '../records/outputs/record-bus.ts'
import { Metrics } from './metrics.ts'
import { TelemetrySources } from './sources/telemetry-sources.ts'
import { Telemetry } from './telemetry.ts'

const PINNER_TIMEOUT = 1_000

export interface TelemetryParts {
  readonly layout: Layout
  readonly plans: PlanWatch
  readonly guard: GuardWatch
  /** Every record that is made. */
  readonly onRecord: (listener: RecordListener) => unknown
}

/** The telemetry of a running daemon: fed by the records, and by what named, pinner and guard have counted. */
export class DaemonTelemetry {
  readonly telemetry: Telemetry
  private readonly metrics: Metrics
  private readonly sources: TelemetrySources
  private readonly plans: PlanWatch

  constructor({ layout, plans, guard, onRecord }: TelemetryParts) {
    const { telemetryFolder, pinnerSocket, daemonFolder } = runtimePaths(layout)
    this.plans = plans
    this.telemetry = new Telemetry(join(telemetryFolder, 'telemetry.db'))
    this.sources = new TelemetrySources(
      {
        add: (event, measure, amount) => {
          this.telemetry.add(event, measure, amount)
          this.metrics.add(event, measure, amount)
        },
      },
      guard,
      new PinnerClient(pinnerSocket, PINNER_TIMEOUT),
      daemonFolder,
    )
    const live = () => (plans.live === undefined ? undefined : { plan: plans.live, since: plans.liveSince ?? 0 })
    this.metrics = new Metrics({ live, guard, sources: this.sources })
    onRecord((record) => {
      this.telemetry.record(record)
      this.metrics.record(record)
    })
  }

  get troubles(): readonly string[] {
    return this.telemetry.troubles
  }

  /** Prometheus' text format, and its content type. */
  async metricsText(): Promise<{ readonly text: string; readonly contentType: string }> {
    return { text: await this.metrics.text(), contentType: this.metrics.contentType }
  }

  step(now: number): void {
    this.telemetry.tick(now)
    this.sources.step(now, this.plans.live)
  }

  close(): void {
    this.sources.close()
    this.telemetry.close()
  }
}
