import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClawgressError } from '../../base/errors.ts'
import type { BoundedLog } from '../bounded-log.ts'
import { isBusy } from '../busy.ts'
import { HEARTBEAT_VARIABLE } from '../heartbeat.ts'
import { probe, stillWorks } from '../probe.ts'
import type { UnitDefinition, UnitStatus } from '../unit-definition.ts'
import { launchCommand } from './launch.ts'
import { watchHeartbeat } from './watchdog.ts'

/** Milliseconds before the next restart: at once, then ever later, but never so late that it is missed for long. */
const RESTART_DELAYS = [0, 100, 200, 500, 1000]
/** A process that lived this long is restarted at once again, in milliseconds. */
const SETTLED_MS = 10_000
/** So many ends before the first readiness mean that the unit cannot start. */
const FIRST_START_ATTEMPTS = 3
const PROBE_INTERVAL_MS = 20

/**
 * One unit under the supervisor: its process is started again whenever it ends, until `stop`. The definition is asked
 * for anew at each start, so that a changed command line takes effect.
 */
export class SupervisedChild {
  private readonly define: () => UnitDefinition
  private readonly environment: Record<string, string>
  private readonly log: BoundedLog
  private process: ChildProcess | undefined
  private isWanted = false
  private isReady = false
  private hasFailed = false
  /** Milliseconds since the epoch, for whoever asks. */
  private since = 0
  /** The same by the clock that is never set. */
  private launchedAt = 0
  private restarts = 0
  private quickEnds = 0
  private lastExit: string | undefined
  private restartTimer: NodeJS.Timeout | undefined
  private starting: Promise<void> | undefined
  private stopping: Promise<void> | undefined

  constructor(define: () => UnitDefinition, environment: Record<string, string>, log: BoundedLog) {
    this.define = define
    this.environment = environment
    this.log = log
  }

  /**
   * Starts the unit if it does not run, or runs and does not do its work any more, and resolves when its probe succeeds.
   * Rejects with `apply.service`, and leaves the unit stopped, when from now on it ends again and again or does not
   * become ready in time.
   */
  start(): Promise<void> {
    this.starting ??= this.startUnlessWorking().finally(() => {
      this.starting = undefined
    })
    return this.starting
  }

  /** SIGTERM, and SIGKILL when that is not heeded in time; resolves when the process is gone. */
  stop(): Promise<void> {
    this.isWanted = false
    this.hasFailed = false
    clearTimeout(this.restartTimer)
    const { process } = this
    if (process === undefined) return Promise.resolve()
    this.stopping ??= this.end(process).finally(() => {
      this.stopping = undefined
    })
    return this.stopping
  }

  /** Sends the unit's reload signal; nothing happens to a unit without one, or without a process. */
  reload(): void {
    const { reloadSignal } = this.define()
    if (reloadSignal !== undefined) this.process?.kill(reloadSignal)
  }

  status(): UnitStatus {
    const { name, description } = this.define()
    const { pid } = this.process ?? {}
    return {
      name,
      description,
      state: this.state(),
      ...(pid === undefined ? {} : { pid, since: this.since }),
      restarts: this.restarts,
      ...(this.lastExit === undefined ? {} : { lastExit: this.lastExit }),
      ...(this.isReady || this.log.lastWords() === '' ? {} : { lastWords: this.log.lastWords() }),
    }
  }

  private get aliveMs(): number {
    return performance.now() - this.launchedAt
  }

  private state(): UnitStatus['state'] {
    if (!this.isWanted) return this.hasFailed ? 'failed' : 'stopped'
    if (this.process === undefined) return 'waiting'
    return this.isReady ? 'running' : 'starting'
  }

  private async end(process: ChildProcess): Promise<void> {
    const gone = new Promise<void>((resolve) => process.once('exit', () => resolve()))
    process.kill('SIGTERM')
    const insist = setTimeout(() => process.kill('SIGKILL'), this.define().stopTimeoutMs)
    await gone
    clearTimeout(insist)
  }

  private async startUnlessWorking(): Promise<void> {
    const { process } = this
    if (this.isWanted && this.isReady && process !== undefined) {
      if (await stillWorks(this.define(), this.aliveMs)) return
      if (process.pid !== undefined && (await isBusy(process.pid))) return
      // Comes back as after any other end.
      if (this.process === process && this.isWanted) {
        this.isReady = false
        process.kill('SIGKILL')
      }
    }
    await this.startAndWait()
  }

  private async startAndWait(): Promise<void> {
    await this.stopping
    // How it ended before says nothing about whether it can start now: what was wrong may have been mended.
    this.quickEnds = 0
    if (!this.isWanted) {
      this.isWanted = true
      this.hasFailed = false
      this.lastExit = undefined
      this.log.forget()
      this.launch()
    } else if (this.process === undefined) this.relaunch()
    const unit = this.define()
    const deadline = performance.now() + unit.readyTimeoutMs
    while (!this.isReady) {
      if (!this.isWanted) throw this.failure('was stopped while it started')
      const reason =
        this.quickEnds >= FIRST_START_ATTEMPTS
          ? `ends again and again (${this.lastExit})`
          : performance.now() > deadline
            ? `did not become ready within ${unit.readyTimeoutMs / 1000} s`
            : undefined
      if (reason !== undefined) {
        const failure = this.failure(reason)
        await this.stop()
        this.hasFailed = true
        throw failure
      }
      await sleep(PROBE_INTERVAL_MS)
    }
  }

  private failure(reason: string): ClawgressError {
    const { name, description } = this.define()
    const words = this.log.lastWords()
    const said = words === '' ? '' : ` It said last: ${words.split('\n').join(' | ')}`
    return new ClawgressError({ code: 'apply.service', message: `${name}, the ${description}, ${reason}.${said}` })
  }

  private launch(): void {
    const unit = this.define()
    const [program, ...args] = launchCommand(unit)
    this.since = Date.now()
    this.launchedAt = performance.now()
    this.isReady = false
    const umask = process.umask(unit.umask)
    const { watchdogMs } = unit
    const heartbeat = watchdogMs === undefined ? {} : { [HEARTBEAT_VARIABLE]: 'yes' }
    const env = { ...this.environment, ...unit.environment, ...heartbeat }
    const child = spawn(program!, args, {
      cwd: '/',
      env,
      stdio: ['ignore', 'pipe', 'pipe', ...(watchdogMs === undefined ? [] : ['pipe' as const])],
    })
    process.umask(umask)
    this.process = child
    if (watchdogMs !== undefined) {
      const tell = (silentMs: number) =>
        this.note(`${unit.name} was not at work for ${(silentMs / 1000).toFixed(1)} s, and is started anew`)
      watchHeartbeat(child, { limitMs: watchdogMs, graceMs: unit.readyTimeoutMs, tell })
    }
    child.stdout!.on('data', (chunk: Buffer) => this.log.write(chunk))
    child.stderr!.on('data', (chunk: Buffer) => this.log.write(chunk))
    child.once('error', (error) => {
      if (child.pid === undefined) this.ended(child, `could not be started: ${error.message}`)
    })
    child.once('exit', (status, signal) => this.ended(child, signal ? `signal ${signal}` : `exit status ${status}`))
    void this.watchReadiness(child)
  }

  private async watchReadiness(child: ChildProcess): Promise<void> {
    const unit = this.define()
    while (this.process === child && !this.isReady) {
      const { aliveMs } = this
      const succeeded = await probe(unit.readiness, aliveMs)
      if (this.process !== child) return
      if (succeeded) this.isReady = true
      // A process that came back but does no work is replaced.
      else if (aliveMs > unit.readyTimeoutMs) child.kill('SIGKILL')
      await sleep(PROBE_INTERVAL_MS)
    }
  }

  private ended(child: ChildProcess, how: string): void {
    if (this.process !== child) return
    this.process = undefined
    this.isReady = false
    this.lastExit = how
    if (!this.isWanted) return
    this.quickEnds = this.aliveMs >= SETTLED_MS ? 1 : this.quickEnds + 1
    const delay = RESTART_DELAYS[Math.min(this.quickEnds, RESTART_DELAYS.length) - 1]!
    this.note(`${this.define().name} ended (${how}), back in ${delay} ms`)
    this.restartTimer = setTimeout(() => this.relaunch(), delay)
  }

  private relaunch(): void {
    clearTimeout(this.restartTimer)
    this.restarts++
    this.launch()
  }

  private note(text: string): void {
    this.log.write(Buffer.from(`clawgress supervisor: ${text}\n`))
  }
}
