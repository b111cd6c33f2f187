import { z } from 'zod'
import { fail } from '../../../base/errors.ts'
import { type Layout, runtimePaths } from '../../../base/layout.ts'
import { type AnyRecord, parseRecord, type RecordKind } from '../kinds/record-kinds.ts'
import { newestLines } from './newest-lines.ts'

export interface RecordFilter {
  /** Absent: every kind. */
  readonly kinds?: readonly RecordKind[]
  readonly client?: string
  /** The name itself, or with `*.` before it everything below. */
  readonly name?: string
  readonly reason?: string
  readonly group?: string
  readonly label?: string
  /** Milliseconds since the epoch; `since` included, `until` not. */
  readonly since?: number
  readonly until?: number
}

export interface RecordPage {
  /** Newest first. */
  readonly records: readonly AnyRecord[]
  /** For the page of older ones; absent: there are none, or no more within the bound on reading. */
  readonly cursor?: string
}

export const MAX_PAGE = 1_000
/** Octets of logs that are read for one page, over all files. */
const MAX_READ = 256 << 20
/** Records of different files, and repeats, are up to so many milliseconds out of order. */
const DISORDER = 10_000

const KINDS: readonly RecordKind[] = ['deny', 'allow', 'commit', 'alert', 'omission']

const cursorShape = z.tuple([z.int().min(0), z.int().min(0).max(1_000_000)])

/**
 * The newest records that match, over all logs and their older files. The cursor says how many records of one
 * millisecond were shown, so that pages neither skip nor repeat while new records come. Throws `config.value` for a
 * cursor of somebody else's.
 */
export function newestRecords(
  layout: Layout,
  filter: RecordFilter = {},
  limit = 100,
  cursor?: string,
  maxBytes = MAX_READ,
): RecordPage {
  const from = cursor === undefined ? undefined : readCursor(cursor)
  const wanted = Math.max(1, Math.min(MAX_PAGE, limit))
  const kinds = filter.kinds ?? KINDS
  const files = kinds.flatMap((kind) => pathsOf(layout, kind).map((path) => ({ kind, path })))
  const share = Math.floor(maxBytes / files.length)
  const streams = files.map(({ kind, path }) => matching(path, kind, filter, from?.time, share))
  const records: AnyRecord[] = []
  let skip = from?.shown ?? 0
  for (const record of mergeNewest(streams)) {
    if (from !== undefined && Date.parse(record.time) === from.time && skip > 0) {
      skip--
      continue
    }
    if (records.length === wanted) return { records, cursor: cursorAfter(records, from) }
    records.push(record)
  }
  return { records }
}

function* matching(
  path: string,
  kind: RecordKind,
  filter: RecordFilter,
  upTo: number | undefined,
  maxBytes: number,
): Generator<AnyRecord> {
  for (const line of newestLines(path, maxBytes)) {
    const record = parseRecord(kind, line)
    if (record === undefined) continue
    const time = Date.parse(record.time)
    if (filter.since !== undefined && time < filter.since - DISORDER) return
    if (upTo !== undefined && time > upTo) continue
    if (matches(record, time, filter)) yield record
  }
}

/** Does a record of that time match all but the kinds? */
export function matches(record: AnyRecord, time: number, filter: RecordFilter): boolean {
  if (filter.since !== undefined && time < filter.since) return false
  if (filter.until !== undefined && time >= filter.until) return false
  const fields = record as Readonly<Record<string, unknown>>
  for (const key of ['client', 'reason', 'group', 'label'] as const)
    if (filter[key] !== undefined && fields[key] !== filter[key]) return false
  if (filter.name === undefined) return true
  const names = [fields.name, ...(Array.isArray(fields.names) ? fields.names : [])]
  const { name } = filter
  return names.some(
    (each) => each === name || (name.startsWith('*.') && typeof each === 'string' && each.endsWith(name.slice(1))),
  )
}

/** Newest first over streams that are each newest first. */
function* mergeNewest(streams: readonly Generator<AnyRecord>[]): Generator<AnyRecord> {
  const heads = streams.flatMap((stream) => {
    const { value, done } = stream.next()
    return done === true ? [] : [{ stream, value }]
  })
  while (heads.length > 0) {
    const head = heads.reduce((newest, each) => (each.value.time > newest.value.time ? each : newest))
    yield head.value
    const { value, done } = head.stream.next()
    if (done === true) heads.splice(heads.indexOf(head), 1)
    else head.value = value
  }
}

function pathsOf(layout: Layout, kind: RecordKind): readonly string[] {
  const { decisions, flows, commits, alerts, daemonAlerts, omissions } = runtimePaths(layout)
  return {
    deny: [decisions],
    allow: [flows],
    commit: [commits],
    alert: [alerts, daemonAlerts],
    omission: [omissions],
  }[kind]
}

function cursorAfter(records: readonly AnyRecord[], from: { time: number; shown: number } | undefined): string {
  const time = Date.parse(records.at(-1)!.time)
  const here = records.filter((record) => Date.parse(record.time) === time).length
  const shown = here + (from?.time === time ? from.shown : 0)
  return Buffer.from(JSON.stringify([time, shown])).toString('base64url')
}

function readCursor(cursor: string): { time: number; shown: number } {
  try {
    const [time, shown] = cursorShape.parse(
      JSON.parse(Buffer.from(cursor.slice(0, 64), 'base64url').toString('latin1')),
    )
    return { time, shown }
  } catch {
    return fail('config.value', 'The cursor is none that a page of records has given.')
  }
}
