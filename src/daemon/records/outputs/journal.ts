import { calls } from '../../../firewall/netlink/libc.ts'
import { printRecord } from '../kinds/record.ts'
import type { AnyRecord } from '../kinds/record-kinds.ts'

/** Where journald takes entries in its own form (systemd, "Native Journal Protocol"). */
export const JOURNAL_SOCKET = '/run/systemd/journal/socket'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000

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

/** Hands records to journald with their fields. Never waits: what it does not take at once goes the way of syslog. */
export class Journal {
  private readonly address: Buffer
  private fd: number | undefined

  constructor(path = JOURNAL_SOCKET) {
    this.address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(`${path}\0`)])
  }

  /** Returns how many it took, of the first ones; `lines` are the records as they are printed. */
  send(records: readonly AnyRecord[], lines: readonly string[], facility: string): number {
    const refused = records.findIndex((record, at) => !this.sendOne(journalEntry(record, lines[at]!, facility)))
    return refused < 0 ? records.length : refused
  }

  close(): void {
    if (this.fd !== undefined) calls.close(this.fd)
    this.fd = undefined
  }

  private sendOne(entry: Buffer): boolean {
    this.fd ??= calls.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL
    return calls.sendto(this.fd, entry, entry.length, flags, this.address, this.address.length) === entry.length
  }
}
