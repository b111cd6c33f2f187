import { readFileSync } from 'node:fs'
import { RisingCounters, TotalsFile } from '../../telemetry/sources/rising-counter.ts'

const EVERY = 2_000
/** NETLINK_NETFILTER, and the bit of NFNLGRP_CONNTRACK_DESTROY: ulogd2 listens to the ends of connections alone. */
const PROTOCOL = '12'
const GROUPS = 4

interface Listener {
  /** Of its socket. */
  readonly inode: number
  /** Messages that the kernel had no room for. */
  readonly drops: number
}

/**
 * Watches the socket over which ulogd2 hears of ended flows (/proc/net/netlink): how many the kernel could not hand
 * over, and when another socket took its place. What ended in between, nobody knows.
 */
export class FlowListener {
  /** Ended flows that were lost since this program started. */
  lost = 0
  /** How often ulogd2 was started anew, so that an unknown number was lost. */
  restarts = 0
  private readonly file: TotalsFile
  private readonly counters: RisingCounters
  private readonly sockets: string
  private inode: number | undefined
  private lookedAt = Number.NEGATIVE_INFINITY

  /** `file` keeps what was seen, and lives as long as the machine is up. */
  constructor(file: string, sockets = '/proc/net/netlink') {
    this.file = new TotalsFile(file)
    const kept = this.file.read()?.listener
    this.counters = new RisingCounters(kept)
    this.inode = kept?.epoch
    this.sockets = sockets
  }

  /** Never throws. */
  step(now: number): void {
    if (Math.abs(now - this.lookedAt) < EVERY) return
    this.lookedAt = now
    const listeners = this.read()
    // Another program may listen to the same; the one that is known goes on until its socket has gone.
    const listener = listeners.find(({ inode }) => inode === this.inode) ?? listeners[0]
    if (listener === undefined) return
    if (this.inode !== undefined && this.inode !== listener.inode) this.restarts++
    this.inode = listener.inode
    const added = this.counters.added(new Map([['drops', listener.drops]]), listener.inode)
    this.lost += added.get('drops') ?? 0
  }

  /** To be called when all of it has been told. Never throws. */
  keep(): void {
    this.file.write({ listener: this.counters })
  }

  private read(): Listener[] {
    try {
      return readFileSync(this.sockets, 'latin1')
        .split('\n')
        .map((line) => line.trim().split(/ +/))
        .filter((words) => words[1] === PROTOCOL && Number.parseInt(words[3] ?? '', 16) === GROUPS)
        .map((words) => ({ drops: Number(words[8]), inode: Number(words[9]) }))
        .filter(({ drops, inode }) => Number.isSafeInteger(drops) && Number.isSafeInteger(inode))
    } catch {
      // Looked for again in two seconds; the kernel's list of sockets is always there.
      return []
    }
  }
}
