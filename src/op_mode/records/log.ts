import type { Layout } from '../../base/layout.ts'
import { followRecords } from '../../daemon/query-socket.ts'
import { printRecord } from '../../daemon/records/kinds/record.ts'
import type { AnyRecord, RecordKind } from '../../daemon/records/kinds/record-kinds.ts'
import { newestRecords } from '../../daemon/records/reading/newest-records.ts'
import { formatOctets } from '../format/octets.ts'
import type { Shown } from '../format/shown.ts'
import { withoutControls } from '../format/table.ts'
import { printTime } from '../format/time.ts'
import { clientText } from './client-address.ts'
import { mustBeReadable } from './readable-logs.ts'
import { MAX_READ, searchedBackNote } from './searched-back.ts'

export interface LogOptions {
  /** `deny`: denials; `allow`: flows; absent: every record. */
  readonly verdict?: 'deny' | 'allow'
  readonly client?: string
  readonly last?: number
}

const DEFAULT_LAST = 50

const kindsOf = ({ verdict }: LogOptions): readonly RecordKind[] | undefined =>
  verdict === undefined ? undefined : [verdict]

/**
 * The newest records, newest last, as in a log, of at most `maxBytes` octets of the logs. Rejects with `config.value` where
 * the client is no address.
 */
export async function showLog(
  layout: Layout,
  options: LogOptions = {},
  maxBytes = MAX_READ,
): Promise<Shown<AnyRecord[]>> {
  const kinds = kindsOf(options)
  const { client, last = DEFAULT_LAST } = options
  const filter = {
    ...(kinds === undefined ? {} : { kinds }),
    ...(client === undefined ? {} : { client: clientText(client) }),
  }
  mustBeReadable(layout)
  const { records, searchedTo } = await newestRecords(layout, filter, last, undefined, { maxBytes })
  const data = [...records].reverse()
  const note = searchedTo === undefined ? '' : searchedBackNote(searchedTo)
  const none = note === '' ? 'No records are kept.\n' : ''
  return { data, text: `${data.length === 0 ? none : data.map(recordLine).join('')}${note}` }
}

/**
 * Prints records as they are made, until `signal`. Rejects with `system.unreachable` where the daemon does not answer,
 * with `config.value` where the client is no address.
 */
export async function monitorLog(
  layout: Layout,
  { verdict, client, json }: LogOptions & { readonly json?: boolean },
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const wanted = client === undefined ? undefined : clientText(client)
  const schemas = { deny: 'clawgress.decision/1', allow: 'clawgress.flow/1' } as const
  await followRecords(
    layout,
    (record) => {
      if (verdict !== undefined && record.schema !== schemas[verdict]) return
      if (wanted !== undefined && (!('client' in record) || record.client !== wanted)) return
      print(json === true ? `${printRecord(record)}\n` : recordLine(record))
    },
    signal,
  )
}

/** One line, for people. */
export function recordLine(record: AnyRecord): string {
  return `${withoutControls(`${printTime(record.time)} ${describe(record)}`)}\n`
}

function describe(record: AnyRecord): string {
  switch (record.schema) {
    case 'clawgress.decision/1': {
      const count = record.event === 'repeats' ? ` again, ${record.count} times` : ''
      const rule = record.rule === undefined ? '' : ` by ${record.rule.text}`
      return `deny   ${record.client ?? '-'} ${target(record)} ${record.reason}${rule}${count}`
    }
    case 'clawgress.flow/1': {
      const traffic =
        record.up === undefined || record.down === undefined
          ? 'not counted'
          : `${formatOctets(record.up.bytes)} sent, ${formatOctets(record.down.bytes)} received`
      const seconds = record.seconds === undefined ? '' : ` in ${Math.round(record.seconds)} s`
      return `allow  ${record.client} ${target(record)} ${traffic}${seconds}`
    }
    case 'clawgress.commit/1':
      return `commit ${record.user} ${record.event}${record.generation === undefined ? '' : ` ${record.generation}`}${
        record.summary === undefined ? '' : `: ${record.summary}`
      }${record.problems?.[0] === undefined ? '' : `: ${record.problems[0].message}`}`
    case 'clawgress.omission/1':
      return `lost   ${record.message}`
    default:
      return `alert  ${record.event}: ${record.message}`
  }
}

interface Target {
  readonly name?: string | undefined
  readonly names?: readonly string[] | undefined
  readonly address?: string | undefined
  readonly port?: number | undefined
  readonly protocol?: string | undefined
  readonly types?: readonly string[] | undefined
}

function target({ name, names, address, port, protocol, types }: Target): string {
  const named = name ?? (names === undefined ? undefined : `one of ${names.join(', ')}`)
  if (address === undefined) return `${named ?? '-'}${types === undefined ? '' : ` ${types.join(',')}`}`
  const service = [port, protocol].filter((part) => part !== undefined).join('/')
  return `${named === undefined ? address : `${named} (${address})`} ${service}`.trim()
}
