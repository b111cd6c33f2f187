import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GuardWatch } from '../guard-watch.ts'
import type { DaemonStatus } from '../status.ts'
import { NOTHING_COUNTED, RisingCounters, TotalsFile } from '../telemetry/sources/rising-counter.ts'
import { FlowRecorder } from './flow-recorder.ts'
import { Omissions, unheardFlows } from './kinds/omission-record.ts'
import type { AnyRecord } from './kinds/record-kinds.ts'
import { OmissionLog } from './outputs/omission-log.ts'
import type { RecordListener } from './outputs/record-bus.ts'
import { RecordOutput } from './outputs/record-output.ts'
import { RecordContext, type RecordContextOptions } from './record-context.ts'
import { Recorder } from './recorder.ts'
import { LineFollower } from './sources/line-follower.ts'
import { Tail } from './sources/tail.ts'

/** Whoever writes records down and counts those that were not taken. */
export interface Writer {
  readonly lost: Pick<DaemonStatus['lost'], 'disk' | 'syslog'>
}

/** Everything that makes records: denials, flows, commits, alerts, and what is missing of them. */
export class Records {
  private readonly context: RecordContext
  private readonly guard: GuardWatch
  private readonly denials: Recorder
  private readonly flows: FlowRecorder
  private readonly followers: readonly LineFollower[]
  /** Records of others that the disk did not take: a line each. */
  private readonly lostRecords: Tail
  private readonly omissions = new Omissions({ rate: 0 })
  private readonly overLimit: RisingCounters
  private readonly overLimitFile: TotalsFile
  /** Denials over the limits since this program, or the one before it, looked last. */
  private rate = 0
  private isRateKept = true
  private restartsTold = 0
  private readonly omitted: RecordOutput
  private readonly omissionLog: OmissionLog
  private readonly others: Writer[] = []
  private comparedAt: number | undefined

  constructor(options: RecordContextOptions, guard: GuardWatch) {
    this.guard = guard
    this.context = new RecordContext(options)
    const { paths, systemLog, bus } = this.context
    // Before the first record since the machine was booted, what the table has counted has been told by nobody.
    const isFirst = !existsSync(join(paths.daemonFolder, 'nflog.place'))
    this.overLimitFile = new TotalsFile(join(paths.daemonFolder, 'over-limit.totals'))
    this.overLimit = new RisingCounters(this.overLimitFile.read()?.denied ?? (isFirst ? NOTHING_COUNTED : undefined))
    this.denials = new Recorder({ ...options, context: this.context })
    this.flows = new FlowRecorder(this.context, (number) => guard.generationOf(number))
    mkdirSync(paths.telemetryFolder, { recursive: true, mode: 0o750 })
    // The guard tells syslog of its alerts itself, also when this program is down.
    this.followers = [
      new LineFollower(this.context, 'commit', paths.commits, true),
      new LineFollower(this.context, 'alert', paths.alerts, false),
    ]
    this.lostRecords = new Tail({ path: paths.lostRecords, bookmark: join(paths.daemonFolder, 'lost-records.place') })
    this.omitted = new RecordOutput(undefined, systemLog, bus)
    this.omissionLog = new OmissionLog(paths.omissions)
  }

  /** To be awaited before the first round. */
  remember(): Promise<void> {
    return this.denials.remember()
  }

  /** Returns how to stop listening. */
  onRecord(listener: RecordListener): () => void {
    return this.context.bus.onRecord(listener)
  }

  /** Hands records that others have written down to whoever listens. */
  publish(records: readonly AnyRecord[]): void {
    this.context.bus.publish(records)
  }

  /** Counts and tells the losses of another writer with its own. */
  include(writer: Writer): void {
    this.others.push(writer)
  }

  /** One round. True: call again at once. */
  step(now: number): boolean {
    const isMore = [this.denials.step(now), this.flows.step(now)].includes(true)
    for (const follower of this.followers) follower.step()
    this.lostRecords.poll(() => undefined)
    this.compare()
    const { lost } = this
    const omitted = this.omissions.take({ ...lost, rate: this.rate, flows: this.flows.listener.lost }, now)
    for (; this.restartsTold < this.flows.listener.restarts; this.restartsTold++) omitted.push(unheardFlows(now))
    this.omitted.emit(omitted)
    this.omissionLog.write(omitted)
    if (!this.omissionLog.isBehind) this.keepTold(lost)
    return isMore
  }

  /** Some denials are to be written soon, whatever comes. */
  get isWaiting(): boolean {
    return this.denials.isWaiting
  }

  status(): DaemonStatus {
    const status = this.denials.status()
    const { troubles, counts } = this.flows
    const others = [
      this.omissionLog.trouble,
      ...[this.lostRecords, ...this.followers].flatMap(({ troubles }) => troubles),
    ]
    const uncounted =
      counts.uncounted === 0
        ? undefined
        : `The kernel did not count the octets of ${counts.uncounted} flows; set system conntrack flow-accounting, or commit again.`
    return {
      ...status,
      troubles: [...status.troubles, ...troubles, ...[uncounted, ...others].filter((each) => each !== undefined)],
      flows: counts.flows,
      lost: this.lost,
      backlog: status.backlog + this.flows.backlog(),
    }
  }

  /** Writes everything that waits and remembers the places. */
  close(): void {
    this.flows.close()
    for (const follower of this.followers) follower.close()
    this.lostRecords.close()
    this.omissionLog.close()
    this.denials.close()
  }

  /** Once for every look of the guard's. */
  private compare(): void {
    const { sight } = this.guard
    if (sight === undefined || sight.seenAt === this.comparedAt) return
    this.comparedAt = sight.seenAt
    const { counters } = sight
    if ('unknown' in counters) return
    const { table, logged, notLogged } = counters
    this.rate += this.overLimit.added(new Map([['denied', notLogged.packets]]), table).get('denied') ?? 0
    this.isRateKept = false
    if (table !== undefined) this.denials.compare(table, logged.packets)
  }

  private get lost(): DaemonStatus['lost'] {
    const { denials, flows, followers, others } = this
    const { kernel, unreadable, disk, syslog } = denials.lost
    return {
      kernel,
      disk: others.reduce((sum, { lost }) => sum + lost.disk, disk + flows.lost.disk + this.lostRecords.counts.lines),
      syslog: others.reduce((sum, { lost }) => sum + lost.syslog, syslog),
      unreadable: followers.reduce((sum, each) => sum + each.unreadable, unreadable + flows.lost.unreadable),
    }
  }

  /** Keeps what has been told, and written down: the next program tells the rest. */
  private keepTold({ disk }: DaemonStatus['lost']): void {
    const { omissions } = this
    const { listener } = this.flows
    this.denials.toldLost(omissions.told('kernel'))
    if (omissions.told('flows') === listener.lost) listener.keep()
    if (omissions.told('disk') === disk) this.lostRecords.save(this.lostRecords.place())
    if (this.isRateKept || omissions.told('rate') !== this.rate) return
    this.overLimitFile.write({ denied: this.overLimit })
    this.isRateKept = true
  }
}
