import { hostname } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fail } from '../../base/errors.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { PinnerClient } from '../../pinner/control-client.ts'
import type { GuardWatch } from '../guard-watch.ts'
import type { PlanWatch } from '../plan-watch.ts'
import type { AnyRecord } from '../records/kinds/record-kinds.ts'
import type { RecordListener } from '../records/outputs/record-bus.ts'
import type { SyslogCommand } from '../records/outputs/system-log.ts'
import { stampOf } from '../settings-file.ts'
import { type Alert, revisionOf } from './alert.ts'
import { AlertBook } from './alert-book.ts'
import { AlertLog, type AlertLosses, alertRecordOf, alertSystemLog } from './alert-log.ts'
import { learntFile, type Told, toldFile } from './alert-state.ts'
import { Evaluators } from './evaluators.ts'
import type { Sender } from './payload.ts'
import {
  ALERT_SETTINGS_FILE,
  type AlertSettings,
  NO_ALERT_SETTINGS,
  readAlertSettings,
  type Webhook,
} from './settings.ts'
import { ended, type TestOutcome, testAlert, tryLog, tryWebhook } from './test-alert.ts'
import { WebhookSender, type WebhookStatus } from './webhook-sender.ts'

/** Milliseconds between looks at what is so. */
const LOOK_MS = 500
/** Between questions to the pinner. */
const PINNER_MS = 5_000
const PINNER_TIMEOUT = 1_000
/** After settings that could not be read. */
const SETTINGS_RETRY_MS = 5_000
/** What was learnt is kept so often; a crash loses as much of it. */
const LEARNT_MS = 60_000
/** It is more of a loss where it would be told as new once more. */
const NEW_CLIENT_MS = 5_000

export interface AlertParts {
  readonly layout: Layout
  readonly plans: PlanWatch
  readonly guard: GuardWatch
  readonly onRecord: (listener: RecordListener) => () => void
  /** Hands records to whoever listens to the others. */
  readonly publish: (records: readonly AnyRecord[]) => void
  readonly syslogCommand?: SyslogCommand | undefined
}

export interface AlertReport {
  readonly firing: readonly Alert[]
  /** Newest first. */
  readonly resolved: readonly Alert[]
  readonly webhooks: readonly WebhookStatus[]
  readonly leftOut: number
  /** Before first denials are told, in the first hours of a gateway; 0: they are, or they are silenced. */
  readonly learningSeconds: number
}

/** The alerts of a running daemon: judges what it sees, writes it down, and tells receivers. */
export class DaemonAlerts {
  private readonly parts: AlertParts
  private readonly settingsFile: string
  private readonly book = new AlertBook()
  private readonly evaluators: Evaluators
  private readonly told: ReturnType<typeof toldFile>
  private readonly learnt: ReturnType<typeof learntFile>
  private readonly log: AlertLog
  private readonly pinner: PinnerClient
  private senders: WebhookSender[] = []
  /** By webhook, what an earlier run told it; until the first settings are read. */
  private delivered: Told['delivered'] = {}
  private settingsStamp: string | undefined
  private settingsTrouble: string | undefined
  private settingsFailedAt = Number.NEGATIVE_INFINITY
  private lookedAt = Number.NEGATIVE_INFINITY
  private pinnerAskedAt = Number.NEGATIVE_INFINITY
  private learntAt: number
  private isChanged = false
  private isTesting = false

  constructor(parts: AlertParts) {
    this.parts = parts
    const { alertsFolder, pinnerSocket, current, daemonAlerts } = runtimePaths(parts.layout)
    const monotonic = performance.now()
    this.settingsFile = join(current, ALERT_SETTINGS_FILE)
    this.told = toldFile(alertsFolder)
    this.learnt = learntFile(alertsFolder)
    this.log = new AlertLog(daemonAlerts, alertSystemLog(parts.syslogCommand))
    this.pinner = new PinnerClient(pinnerSocket, PINNER_TIMEOUT)
    this.evaluators = new Evaluators(current, monotonic)
    this.learntAt = monotonic
    this.recall(monotonic)
    this.readSettings(monotonic)
    parts.onRecord((record) => this.evaluators.take(record, Date.now(), performance.now()))
  }

  /** Sentences; empty when all is well. */
  get troubles(): readonly string[] {
    const late = this.senders
      .map((sender) => sender.status())
      .filter(({ failuresInRow }) => failuresInRow > 1)
      .map(
        ({ id, waiting, lastError }) =>
          `The webhook ${id} has not taken ${waiting === 1 ? 'an alert' : `${waiting} alerts`}: ${lastError}. It is tried again.`,
      )
    return [this.settingsTrouble, ...this.told.troubles, ...this.learnt.troubles, this.log.trouble, ...late].filter(
      (each) => each !== undefined,
    )
  }

  /** Records of alerts that were not taken since the start. */
  get lost(): AlertLosses {
    return this.log.lost
  }

  report(): AlertReport {
    return {
      firing: this.book.firing,
      resolved: [...this.book.resolved].reverse(),
      webhooks: this.senders.map((sender) => sender.status()),
      leftOut: this.book.leftOut,
      learningSeconds: Math.ceil(this.evaluators.learningLeftMs / 1_000),
    }
  }

  /**
   * Tells syslog and every webhook, or that one alone, of an alert that is marked as a test, and how they took it.
   * Throws ClawgressError `alert.test` where there is no such webhook, or a test is under way.
   */
  async test(webhook?: string): Promise<TestOutcome[]> {
    const meant = this.senders
      .map((sender) => sender.webhook)
      .filter(({ id }) => webhook === undefined || id === webhook)
    if (webhook !== undefined && meant.length === 0)
      fail('alert.test', `There is no webhook ${webhook}; "show clawgress alerts" lists those that there are.`)
    if (this.isTesting) fail('alert.test', 'Another test of the alerts is under way; wait for its end.')
    this.isTesting = true
    try {
      const now = Date.now()
      const alert = testAlert(now)
      const logs = webhook === undefined ? tryLog(this.log, () => this.writeDown([alert, ended(alert, now)], now)) : []
      const webhooks = Promise.all(meant.map((each) => tryWebhook(each, alert, this.sender)))
      return [...(await logs), ...(await webhooks)]
    } finally {
      this.isTesting = false
    }
  }

  /** One round, cheap where nothing is due. `now` by the wall clock, for what is printed only. */
  step(now: number, monotonic = performance.now()): void {
    if (monotonic - this.lookedAt < LOOK_MS) return
    this.lookedAt = monotonic
    this.recall(monotonic)
    this.readSettings(monotonic)
    this.askPinner(monotonic)
    this.judge(now, monotonic)
    this.send(now)
    this.keep(monotonic)
  }

  /** Keeps what is known, and waits no longer than a message may take. */
  async close(): Promise<void> {
    this.saveState()
    this.learnt.save(this.evaluators.learnt())
    this.log.close()
    await Promise.race([
      Promise.all(this.senders.map((sender) => sender.settle())),
      new Promise((resolve) => setTimeout(resolve, 500).unref()),
    ])
    if (this.isChanged) this.saveState()
  }

  private judge(now: number, monotonic: number): void {
    const { guard, plans } = this.parts
    const sources = this.evaluators.evaluate({ sight: guard.sight, live: plans.live, now, monotonic })
    const changed = [...sources].flatMap(([source, conditions]) => this.book.update(source, conditions, now, monotonic))
    changed.push(...this.book.keepSources(new Set(sources.keys()), now))
    if (changed.length === 0) return
    this.isChanged = true
    this.writeDown(changed, now)
  }

  private writeDown(changed: readonly Alert[], now: number): void {
    const facility = this.parts.plans.live?.settings.syslogFacility
    if (facility !== undefined) this.log.useFacility(facility)
    for (const alert of changed) {
      // The guard writes down its own.
      if (alert.source === 'guard') continue
      const record = alertRecordOf(alert, now)
      this.log.write(record, alert.syslog)
      this.parts.publish([record])
    }
  }

  private get sender(): Sender {
    return { gateway: hostname(), leftOut: this.book.leftOut }
  }

  private send(now: number): void {
    const alerts = this.newest()
    for (const each of this.senders)
      each.step(alerts, this.sender, now, () => {
        this.isChanged = true
      })
  }

  /** Of each alert its newest state: it may have ended and begun again. */
  private newest(): Alert[] {
    const byFingerprint = new Map<string, Alert>()
    for (const alert of [...this.book.resolved, ...this.book.firing]) byFingerprint.set(alert.fingerprint, alert)
    return [...byFingerprint.values()]
  }

  private keep(monotonic: number): void {
    if (this.isChanged) {
      this.book.forget((alert) => this.senders.some((sender) => !sender.knows(alert)))
      this.saveState()
    }
    if (monotonic - this.learntAt < (this.evaluators.hasNewClient ? NEW_CLIENT_MS : LEARNT_MS)) return
    this.learntAt = monotonic
    this.learnt.save(this.evaluators.learnt())
  }

  /** Takes over what earlier runs kept; later, where it cannot be read at first. */
  private recall(monotonic: number): void {
    if (!this.learnt.isSettled) {
      const learnt = this.learnt.load()
      if (learnt !== undefined) this.evaluators.restore(learnt, monotonic)
    }
    if (this.told.isSettled) return
    const told = this.told.load()
    if (told === undefined) return
    this.book.restore(told.alerts, monotonic)
    if (this.settingsStamp === undefined) this.delivered = told.delivered
    this.senders = this.senders.map(({ webhook, told: since }) =>
      this.senderFor(webhook, { ...told.delivered[webhook.id], ...Object.fromEntries(since) }),
    )
  }

  private saveState(): void {
    const delivered = Object.fromEntries(
      this.senders.map((sender) => [sender.webhook.id, Object.fromEntries(sender.told)]),
    )
    this.isChanged = !this.told.save({ version: 1, alerts: [...this.book.resolved, ...this.book.firing], delivered })
  }

  private askPinner(monotonic: number): void {
    if (monotonic - this.pinnerAskedAt < PINNER_MS) return
    this.pinnerAskedAt = monotonic
    this.pinner.status().then(
      ({ nameServers }) => this.evaluators.nameServers(nameServers),
      () => this.evaluators.nameServers(undefined),
    )
  }

  private readSettings(monotonic: number): void {
    if (monotonic - this.settingsFailedAt < SETTINGS_RETRY_MS) return
    try {
      const stamp = stampOf(this.settingsFile)
      if (stamp !== this.settingsStamp) this.use(readAlertSettings(this.settingsFile) ?? NO_ALERT_SETTINGS)
      this.settingsStamp = stamp
      this.settingsTrouble = undefined
    } catch (error) {
      // Keeps the rules and receivers that were, and tries again.
      this.settingsFailedAt = monotonic
      this.settingsTrouble = `The settings of alerts cannot be read: ${(error as Error).message.slice(0, 200)}. Commit again.`
    }
  }

  private use(settings: AlertSettings): void {
    this.evaluators.use(settings, performance.now())
    this.senders = settings.webhooks.map((webhook) => {
      const known = this.senders.find((sender) => sender.webhook.id === webhook.id)
      if (known !== undefined && JSON.stringify(known.webhook) === JSON.stringify(webhook)) return known
      return this.senderFor(webhook, known === undefined ? this.delivered[webhook.id] : Object.fromEntries(known.told))
    })
    // Whoever comes back later is new.
    this.delivered = {}
  }

  /** One that is new need not hear of what is over. */
  private senderFor(webhook: Webhook, delivered: Readonly<Record<string, string>> | undefined): WebhookSender {
    const told =
      delivered === undefined
        ? new Map(this.book.resolved.map((alert) => [alert.fingerprint, revisionOf(alert)]))
        : new Map(Object.entries(delivered))
    return new WebhookSender({ webhook, delivered: told })
  }
}
