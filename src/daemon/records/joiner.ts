import { Recent } from './reading/recent.ts'
import type { RawDenial } from './sources/raw-denial.ts'

/** Everything known of one question or one attempt to connect. */
export interface Incident {
  /** The line that was seen first. */
  readonly first: RawDenial
  readonly types: Set<string>
  /** Milliseconds since the epoch, of the newest line. */
  lastTime: number
  /** Lines not told yet. */
  count: number
  /** Set once the decision has been written. */
  id?: string
  /** Our clock, at the first line and at the last record about it. */
  readonly seenAt: number
  toldAt: number
}

/** Milliseconds, measured: facts of the joined data path, denial records. */
export const WINDOWS = {
  /** A resolver library asks A and AAAA at once. */
  gather: 30,
  /** A packet asks nothing more: it waits for the name behind its address, and for so long at most. */
  name: 50,
  question: 2_000,
  /** The same address and port once more, from another source port. */
  attempt: 5_000,
  /** A SYN that is sent again and again, because nothing answered. */
  flow: 30_000,
} as const

const LIMIT = 50_000
/** Of packets, which ask nothing. */
const NO_TYPES = new Set<string>()

/**
 * Joins raw lines: one question is one incident, whatever types it asks for; one attempt to connect is one, however
 * often the packet comes. A question is due shortly after its first line, a packet once its name is known; what comes later is counted and told once a
 * window has passed. Windows start at the first line, so something that goes on for ever is told again and again.
 */
export class Joiner {
  private readonly questions = new Recent<Incident>(WINDOWS.question, LIMIT)
  private readonly attempts = new Recent<Incident>(WINDOWS.attempt, LIMIT)
  private readonly flows = new Recent<Incident>(WINDOWS.flow, LIMIT)
  private pending: Incident[] = []
  private readonly repeated = new Set<Incident>()

  /** Incidents whose decision has not been written. */
  get pendingIncidents(): readonly Incident[] {
    return this.pending
  }

  add(raw: RawDenial, now: number): void {
    if (raw.source === 'kernel') this.addPacket(raw, now)
    else this.addTo(this.questions, `${raw.client ?? ''} ${raw.group ?? ''} ${raw.name}`, WINDOWS.question, raw, now)
  }

  /**
   * Takes the questions whose first line is old enough, and the packets about whose address everything `isKnown` that
   * will be, or that waited for it; those, too, of a time that a clock that was set back has yet to reach. All of them
   * with `now` Infinity.
   */
  takeDue(now: number, isKnown: (address: string) => boolean = () => false): Incident[] {
    const due: Incident[] = []
    const rest: Incident[] = []
    for (const incident of this.pending) {
      const { source, address } = incident.first
      const age = Math.abs(now - incident.seenAt)
      const isDue =
        source === 'kernel' ? age >= WINDOWS.name || address === undefined || isKnown(address) : age >= WINDOWS.gather
      const side = isDue ? due : rest
      side.push(incident)
    }
    this.pending = rest
    return due
  }

  /**
   * Is this address, by the name behind it, part of an attempt that was told already? Then it is counted there.
   * Otherwise later ones are counted to this one.
   */
  joinByName(incident: Incident, name: string, now: number): boolean {
    const { client, protocol, port, reason } = incident.first
    const key = `${client} ${protocol} ${port} ${reason} name ${name}`
    const known = this.attempts.get(key, now)
    if (known !== undefined && known !== incident && isWithin(WINDOWS.attempt, known, incident.first)) {
      this.count(known, incident.count, incident.lastTime)
      return true
    }
    this.attempts.set(key, incident, now)
    return false
  }

  /** Takes what came after the decisions, once their window is over; all of it with `now` Infinity. */
  takeRepeated(now: number): Incident[] {
    const due = [...this.repeated].filter((incident) => Math.abs(now - incident.toldAt) >= windowOf(incident))
    for (const incident of due) this.repeated.delete(incident)
    return due
  }

  private addPacket(raw: RawDenial, now: number): void {
    const flow = `${raw.client} ${raw.clientPort} ${raw.address} ${raw.port} ${raw.protocol}`
    const known = this.flows.get(flow, now)
    if (known !== undefined && known.first.reason === raw.reason && isWithin(WINDOWS.flow, known, raw)) {
      this.count(known, 1, raw.time)
      return
    }
    const attempt = `${raw.client} ${raw.protocol} ${raw.port} ${raw.reason} ${raw.address}`
    this.flows.set(flow, this.addTo(this.attempts, attempt, WINDOWS.attempt, raw, now), now)
  }

  private addTo(recent: Recent<Incident>, key: string, window: number, raw: RawDenial, now: number): Incident {
    const known = recent.get(key, now)
    if (known !== undefined && isWithin(window, known, raw)) {
      if (known.id === undefined && raw.queryType !== undefined && known.types.size < 8) known.types.add(raw.queryType)
      this.count(known, 1, raw.time)
      return known
    }
    const types = raw.source === 'kernel' ? NO_TYPES : new Set(raw.queryType === undefined ? [] : [raw.queryType])
    const incident: Incident = { first: raw, types, lastTime: raw.time, count: 1, seenAt: now, toldAt: now }
    recent.set(key, incident, now)
    this.pending.push(incident)
    return incident
  }

  private count(incident: Incident, lines: number, time: number): void {
    incident.count += lines
    incident.lastTime = Math.max(incident.lastTime, time)
    if (incident.id !== undefined) this.repeated.add(incident)
  }
}

/** By the lines' own time stamps: a backlog is read much faster than it grew. */
const isWithin = (window: number, incident: Incident, raw: RawDenial): boolean =>
  Math.abs(raw.time - incident.first.time) < window

const windowOf = (incident: Incident): number =>
  incident.first.source === 'kernel' ? WINDOWS.attempt : WINDOWS.question
