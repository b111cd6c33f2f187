import { ERRNO } from '../../../firewall/netlink/libc.ts'
import { DatagramSender } from '../../../services/datagram.ts'
import { printRecord } from '../kinds/record.ts'
import type { AnyRecord } from '../kinds/record-kinds.ts'

/** Where journald takes entries in its own form (systemd, "Native Journal Protocol"). */
export const JOURNAL_SOCKET = '/run/systemd/journal/socket'

/** Fields of records that become fields of the journal. */
const FIELDS = [
  'schema',
  'event',
  'client',
  'group',
  'name',
  'address',
  'port',
  'protocol',
  'verdict',
  'reason',
  'label',
  'generation',
  'user',
  'state',
  'severity',
] as const

/** Numbers of syslog's facilities (RFC 5424, table 1). */
const FACILITIES: Readonly<Record<string, number>> = {
  user: 1,
  daemon: 3,
  ...Object.fromEntries(Array.from({ length: 8 }, (_, number) => [`local${number}`, 16 + number])),
}
const WARNING = 4
const NOTICE = 5

/** One entry: the printed record as its message, and its fields beside it, each in one line of ASCII. */
export function journalEntry(record: AnyRecord, line: string, facility: string): Buffer {
  const fields = record as Readonly<Record<string, unknown>>
  const lines = [
    `MESSAGE=${line}`,
    `PRIORITY=${fields.state === 'firing' ? WARNING : NOTICE}`,
    'SYSLOG_IDENTIFIER=clawgress',
    `SYSLOG_FACILITY=${FACILITIES[facility] ?? FACILITIES.daemon}`,
    ...FIELDS.flatMap((name) => {
      const value = fields[name]
      if (typeof value !== 'string' && typeof value !== 'number') return []
      return [`CLAWGRESS_${name.toUpperCase()}=${printRecord({ value: String(value) }).slice('{"value":"'.length, -2)}`]
    }),
  ]
  return Buffer.from(`${lines.join('\n')}\n`, 'latin1')
}

/** Milliseconds until the socket is opened anew: at first, and at most after failures one after another. */
const PAUSE = { least: 100, most: 10_000 }

/**
 * Hands records to journald with their fields. Never waits: what it does not take at once goes the way of syslog, and
 * so does everything for a while after a failure, until it is tried again.
 */
export class Journal {
  private readonly socket: DatagramSender
  private pause = PAUSE.least
  private closedUntil = Number.NEGATIVE_INFINITY

  constructor(path = JOURNAL_SOCKET) {
    this.socket = new DatagramSender(path)
  }

  /** Returns how many it took, of the first ones; `lines` are the records as they are printed. */
  send(records: readonly AnyRecord[], lines: readonly string[], facility: string): number {
    if (performance.now() < this.closedUntil) return 0
    const refused = records.findIndex((record, at) => !this.sendOne(journalEntry(record, lines[at]!, facility)))
    return refused < 0 ? records.length : refused
  }

  close(): void {
    this.socket.close()
  }

  private sendOne(entry: Buffer): boolean {
    const error = this.socket.send(entry)
    if (error === 0) {
      this.pause = PAUSE.least
      return true
    }
    // A full queue is no failure of the socket.
    if (error !== ERRNO.EAGAIN && error !== ERRNO.ENOBUFS) this.rest()
    return false
  }

  private rest(): void {
    this.close()
    this.closedUntil = performance.now() + this.pause
    this.pause = Math.min(2 * this.pause, PAUSE.most)
  }
}
