import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DaemonStatus } from '../status.ts'
import { explainIncident } from './explain.ts'
import { type Incident, Joiner } from './joiner.ts'
import type { DecisionRecord } from './kinds/record.ts'
import { DecisionLog, type DecisionLogOptions } from './outputs/decision-log.ts'
import { RecordOutput } from './outputs/record-output.ts'
import { PacketAccount } from './packet-account.ts'
import { newestDecisions } from './reading/decision-lines.ts'
import { RecordContext, type RecordContextOptions } from './record-context.ts'
import { parseNamedLine } from './sources/named-line.ts'
import { parseNflogLine } from './sources/nflog-line.ts'
import { parsePinnerLine } from './sources/pinner-line.ts'
import type { RawDenial } from './sources/raw-denial.ts'
import { Tail } from './sources/tail.ts'
import { Tally } from './tally.ts'

export interface RecorderOptions extends RecordContextOptions {
  readonly log?: DecisionLogOptions
  /** What is shared with other makers of records; absent: one of its own. */
  readonly context?: RecordContext
}

/** Milliseconds between the saving of places; longer than an incident waits for its record. */
const SAVE_EVERY = 500
const REPEATS_EVERY = 500
/** Octets of the log that are read for the denials of the last hour. */
const SEED_BYTES = 8 << 20
/** Lines go to memory only as fast as their records leave it. */
const MAX_PENDING = 20_000
/** Records made and written at a time: few enough that they are forgotten before the collector of garbage copies them. */
const PORTION = 200

/**
 * Turns the three logs of denials into decision records. A place in a log is saved only when everything before it has
 * been written: after a crash some lines are told twice, none is left out.
 */
export class Recorder {
  private readonly startedAt = new Date()
  private readonly context: RecordContext
  private readonly joiner = new Joiner()
  private readonly output: RecordOutput
  private readonly tally = new Tally()
  private readonly sources: readonly { tail: Tail; read: (line: string) => RawDenial | undefined }[]
  private clientInterfaces: ReadonlySet<string> = new Set()
  private places: string[] = []
  private savedAt = 0
  private repeatsAt = 0
  private sequence = 0
  private records = 0
  private lines = 0
  private unreadable = 0
  private readonly packets: PacketAccount
  /** Packets accounted for at the places that are saved next. */
  private accounted = 0
  private isBehind = true
  private readonly run = Date.now().toString(36)

  constructor({ log, context, ...options }: RecorderOptions) {
    this.context = context ?? new RecordContext(options)
    const { layout, paths, systemLog, bus } = this.context
    const { nflogRecords, pinnerDenials, namedDenials, decisions, daemonFolder: places } = paths
    mkdirSync(places, { recursive: true, mode: 0o750 })
    mkdirSync(layout.log, { recursive: true, mode: 0o750 })
    this.output = new RecordOutput(new DecisionLog(decisions, log), systemLog, bus)
    this.packets = new PacketAccount(nflogRecords, places)
    this.sources = [
      {
        tail: new Tail({ path: pinnerDenials, bookmark: join(places, 'pinner-denials.place') }),
        read: (line) => this.counted(parsePinnerLine(line)),
      },
      {
        tail: new Tail({ path: namedDenials, bookmark: join(layout.log, 'named-denials.place') }),
        read: (line) => parseNamedLine(line, Date.now()),
      },
      { tail: this.packets.tail, read: (line) => this.readPacket(line) },
    ]
  }

  /** Learns the denials of the last hour from the log; to be awaited before the first round, which adds to it. */
  async remember(): Promise<void> {
    await this.tally.seed(newestDecisions(this.context.paths.decisions, { left: SEED_BYTES }), this.startedAt.getTime())
  }

  /** One round: reads what came, writes what is due. True: call again at once. */
  step(now: number): boolean {
    if (this.context.refresh()) this.clientInterfaces = new Set(this.context.settings!.clientInterfaces)
    let isMore = false
    this.isBehind = false
    for (const { tail, read } of this.sources) {
      if (this.joiner.pendingIncidents.length >= MAX_PENDING) {
        this.isBehind = true
        break
      }
      isMore = tail.poll((line) => this.take(line, read, now)) || isMore
    }
    this.isBehind ||= isMore
    this.context.names.ask()
    const { names } = this.context
    this.write(
      this.joiner.takeDue(now, (address) => names.isAnswered(address)),
      now,
    )
    if (Math.abs(now - this.repeatsAt) >= REPEATS_EVERY) {
      this.repeatsAt = now
      this.emit(this.joiner.takeRepeated(now), now)
    }
    if (Math.abs(now - this.savedAt) >= SAVE_EVERY) this.save(now)
    return isMore
  }

  /** To be called with each look of the guard's: so many packets has the table of that handle logged. */
  compare(table: number, logged: number): void {
    if (!this.isBehind && this.packets.tail.backlog() === 0) this.packets.compare(table, logged)
  }

  /** So many of `lost.kernel` in the status have been told; the others are found again after a crash. */
  toldLost(told: number): void {
    this.packets.told = told
  }

  /** Some records are to be written soon, whatever comes. */
  get isWaiting(): boolean {
    return this.joiner.pendingIncidents.length > 0
  }

  /** Writes everything that waits and remembers the places. */
  close(): void {
    const now = Date.now()
    this.write(this.joiner.takeDue(Number.POSITIVE_INFINITY), now)
    this.emit(this.joiner.takeRepeated(Number.POSITIVE_INFINITY), now)
    this.saveAt(this.presentPlaces(), this.packets.accounted)
    for (const { tail } of this.sources) tail.close()
    this.output.close()
    this.context.systemLog.close()
  }

  status(): DaemonStatus {
    const troubles = [
      this.context.plans.trouble,
      this.output.trouble && `decision records cannot be written: ${this.output.trouble}`,
      ...this.sources.flatMap(({ tail }) => tail.troubles),
    ].filter((trouble) => trouble !== undefined)
    return {
      startedAt: this.startedAt.toISOString(),
      generation: this.context.plans.live?.generation ?? null,
      troubles,
      records: this.records,
      flows: 0,
      lines: this.lines,
      lastHour: this.tally.lastHour(Date.now()) as Record<string, number>,
      lost: this.lost,
      backlog: this.sources.reduce((sum, { tail }) => sum + tail.backlog(), 0),
    }
  }

  get lost(): DaemonStatus['lost'] {
    return {
      kernel: this.packets.lost,
      unreadable:
        this.unreadable +
        this.output.torn +
        this.sources.reduce((sum, { tail: { counts } }) => sum + counts.overlong + counts.gaps, 0),
      disk: this.output.lost,
      syslog: this.context.systemLog.dropped,
    }
  }

  private take(line: string, read: (line: string) => RawDenial | undefined, now: number): void {
    const raw = read(line)
    if (raw === undefined) return
    this.lines++
    if (raw.address !== undefined && raw.name === undefined) this.context.names.want(raw.address)
    this.joiner.add(raw, now)
  }

  private readPacket(line: string): RawDenial | undefined {
    const packet = parseNflogLine(line, (name) => this.clientInterfaces.has(name))
    this.packets.take(line, packet?.sequence)
    return packet === undefined ? this.counted(undefined) : packet.denial
  }

  private counted(raw: RawDenial | undefined): RawDenial | undefined {
    if (raw === undefined) this.unreadable++
    return raw
  }

  private write(due: readonly Incident[], now: number): void {
    const told = due.filter((incident) => {
      const name = this.nameBehind(incident)
      return name === undefined || !this.joiner.joinByName(incident, name, now)
    })
    this.emit(told, now)
  }

  private emit(incidents: readonly Incident[], now: number): void {
    for (let at = 0; at < incidents.length; at += PORTION) this.emitPortion(incidents.slice(at, at + PORTION), now)
  }

  private emitPortion(incidents: readonly Incident[], now: number): void {
    const records: DecisionRecord[] = []
    for (const incident of incidents) {
      const id = incident.id ?? `${this.run}-${(this.sequence++).toString(36)}`
      const record = explainIncident(incident, id, this.context.plans, this.nameBehind(incident))
      records.push(record)
      if (incident.id === undefined) {
        this.records++
        this.tally.add(record.reason, now)
      }
      incident.id = id
      incident.count = 0
      incident.toldAt = now
    }
    this.output.emit(records, this.context.settings?.logDenied !== false)
  }

  private nameBehind({ first }: Incident): string | undefined {
    return first.source === 'kernel' && first.address !== undefined ? this.context.names.get(first.address) : undefined
  }

  private save(now: number): void {
    this.savedAt = now
    this.saveAt(this.places, this.accounted)
    this.places = this.presentPlaces()
    this.accounted = this.packets.accounted
  }

  private saveAt(places: readonly string[], accounted: number): void {
    this.packets.prepare(places.at(-1) ?? '', accounted)
    this.sources.forEach(({ tail }, index) => {
      tail.save(places[index] ?? '')
    })
    this.packets.settle(places.at(-1) ?? '', accounted)
  }

  /** In the order of the sources: that of the packets is the last. */
  private presentPlaces(): string[] {
    return this.sources.map(({ tail }) => tail.place())
  }
}
