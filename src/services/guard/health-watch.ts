import { setTimeout as sleep } from 'node:timers/promises'
import { ClawgressError } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { isBusy } from '../busy.ts'
import { prepareFolders } from '../folders.ts'
import { withLock } from '../lock.ts'
import { probe } from '../probe.ts'
import { processAges } from '../process-stat.ts'
import { services } from '../services.ts'
import type { UnitDefinition, UnitStatus } from '../unit-definition.ts'
import { unitDefinitions } from '../units.ts'
import type { Alerts } from './alerts.ts'

/** Between questions to a program that answers. */
const ASK_MS = 500
/** Between questions to one that does not. */
const ASK_AGAIN_MS = 50
const ATTEMPT_MS = 300
/** A program is hung after so many attempts in a row, and so many milliseconds, without an answer. */
const ATTEMPTS = 3
const SILENT_MS = 1_200
/** What answers so soon after a start says nothing yet: it may have been asked before. */
const FIRST_ANSWER_MS = 1_000

interface Pulse {
  /** By the clock that is never set, milliseconds. */
  answeredAt: number
  /** By the same clock, when someone was last seen to change the enforcement. */
  changedAt: number
  failures: number
  /** It was told that the program cannot be replaced. */
  isTold: boolean
}

/**
 * Asks the programs that agents wait for whether they still answer, and kills one that does not: whoever supervises it
 * starts it again. Programs that ended by themselves, or are still starting, are left to their supervisor. One that
 * works hard, or serves a change of the enforcement, has as long as it may take to start: large policies take a while.
 */
export class HealthWatch {
  private readonly layout: Layout
  private readonly alerts: Alerts
  private readonly units: readonly UnitDefinition[]
  private readonly status: () => Promise<UnitStatus[]>
  private readonly ageOf = processAges()

  constructor(
    layout: Layout,
    alerts: Alerts,
    units: readonly UnitDefinition[] = unitDefinitions(layout),
    status = () => services(layout).status(),
  ) {
    this.layout = layout
    this.alerts = alerts
    this.units = units
    this.status = status
  }

  /** Watches until the signal aborts. Never rejects. */
  async watch(signal: AbortSignal): Promise<void> {
    await Promise.all(this.units.map((unit) => this.follow(unit, signal)))
  }

  private async follow(unit: UnitDefinition, signal: AbortSignal): Promise<void> {
    const { health } = unit
    if (health === undefined) return
    const pulse: Pulse = {
      answeredAt: Number.NEGATIVE_INFINITY,
      changedAt: Number.NEGATIVE_INFINITY,
      failures: 0,
      isTold: false,
    }
    while (!signal.aborted) {
      const answers = await Promise.all(health.map((each) => probe(each, 0, ATTEMPT_MS)))
      const isWell = answers.every((answer) => answer)
      pulse.failures = isWell ? 0 : pulse.failures + 1
      if (isWell) Object.assign(pulse, { answeredAt: performance.now(), isTold: false })
      else if (pulse.failures >= ATTEMPTS && !signal.aborted)
        await this.replaceIfHung(unit, pulse).catch((error: unknown) => this.tell(unit, pulse, error))
      await sleep(isWell ? ASK_MS : ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  private async replaceIfHung(unit: UnitDefinition, pulse: Pulse): Promise<void> {
    if (performance.now() - Math.max(pulse.answeredAt, pulse.changedAt) < SILENT_MS) return
    const { state, pid } = (await this.status()).find(({ name }) => name === unit.name)!
    if (state !== 'running' || pid === undefined) return
    const ageMs = this.ageOf(pid)
    if (ageMs === undefined) return
    const unansweredMs = performance.now() - pulse.answeredAt
    const hasAnswered = unansweredMs < ageMs - FIRST_ANSWER_MS
    if (!hasAnswered && ageMs < unit.readyTimeoutMs) return
    const silentMs = Math.min(unansweredMs, ageMs)
    const isOverdue = silentMs > unit.readyTimeoutMs
    if (!isOverdue && (await isBusy(pid))) return
    const replace = () => this.replace(unit, pid, silentMs)
    try {
      await withLock(this.layout, 0, replace, `guard (replacing ${unit.name})`)
    } catch (error) {
      if (!(error instanceof ClawgressError) || error.problems[0]?.code !== 'apply.busy') throw error
      if (isOverdue) replace()
      else pulse.changedAt = performance.now()
      return
    }
    pulse.failures = 0
  }

  private tell({ name, description }: UnitDefinition, pulse: Pulse, error: unknown): void {
    // It ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH' || pulse.isTold) return
    pulse.isTold = true
    const why = error instanceof Error ? error.message : String(error)
    const message = `${name}, the ${description}, does not answer, and could not be started anew: ${why}`
    this.alerts.raise('program.stuck', message, { unit: name })
  }

  private replace({ name, description }: UnitDefinition, pid: number, silentMs: number): void {
    // What it wants to open may have been lost with the run folder.
    prepareFolders(this.layout)
    // SIGTERM waits for a program that does not listen.
    process.kill(pid, 'SIGKILL')
    const message = `${name}, the ${description}, did not answer for ${(silentMs / 1000).toFixed(1)} s and was started anew.`
    this.alerts.raise('program.hung', message, { unit: name, silentMs })
  }
}
