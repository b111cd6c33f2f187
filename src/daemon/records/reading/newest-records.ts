import { z } from 'zod'
import { fail } from '../../../base/errors.ts'
import { type Layout, runtimePaths } from '../../../base/layout.ts'
import { type AnyRecord, parseRecord, type RecordKind } from '../kinds/record-kinds.ts'
import { newestLines } from './newest-lines.ts'
import { matches, type RecordFilter, textFilter, timeOfLine } from './record-filter.ts'

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

/** Bounds on one reading. */
export interface ReadingBounds {
  /** Octets of logs, over all files. */
  readonly maxBytes?: number
  /** Ends the reading: the promise then rejects with its reason. */
  readonly signal?: AbortSignal
}

/**
 * The newest records that match, over all logs and their older files. The cursor says how many records of one
 * millisecond were shown, so that pages neither skip nor repeat while new records come. Reads in small portions, between
 * which the rest of the program runs. Rejects with `config.value` for a cursor of somebody else's.
 */
export async function newestRecords(
  layout: Layout,
  filter: RecordFilter = {},
  limit = 100,
  cursor?: string,
  { maxBytes = MAX_READ, signal }: ReadingBounds = {},
): Promise<RecordPage> {
  const from = cursor === undefined ? undefined : readCursor(cursor)
  const wanted = Math.max(1, Math.min(MAX_PAGE, limit))
  const kinds = filter.kinds ?? KINDS
  const files = kinds.flatMap((kind) => pathsOf(layout, kind).map((path) => ({ kind, path })))
  const share = Math.floor(maxBytes / files.length)
  const streams = files.map(({ kind, path }) =>
    matching(newestLines(path, share, signal), kind, filter, from?.time ?? Number.POSITIVE_INFINITY),
  )
  const records: AnyRecord[] = []
  let skip = from?.shown ?? 0
  for await (const record of mergeNewest(streams)) {
    if (from !== undefined && Date.parse(record.time) === from.time && skip > 0) {
      skip--
      continue
    }
    if (records.length === wanted) return { records, cursor: cursorAfter(records, from) }
    records.push(record)
  }
  return { records }
}

/** Those that match, up to a time (included). */
async function* matching(
  portions: AsyncIterable<readonly string[]>,
  kind: RecordKind,
  filter: RecordFilter,
  upTo: number,
): AsyncGenerator<AnyRecord> {
  const mayMatch = textFilter(filter)
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = filter
  for await (const lines of portions) {
    for (const line of lines) {
      const seen = timeOfLine(line)
      if (seen !== undefined && seen < since - DISORDER) return
      if (seen !== undefined && (seen > upTo || seen < since || seen >= until)) continue
      const record = mayMatch(line) ? parseRecord(kind, line) : undefined
      if (record === undefined) continue
      const time = Date.parse(record.time)
      if (time <= upTo && matches(record, time, filter)) yield record
    }
  }
}

/** Newest first over streams that are each newest first. */
async function* mergeNewest(streams: readonly AsyncGenerator<AnyRecord>[]): AsyncGenerator<AnyRecord> {
  const heads: { readonly stream: AsyncGenerator<AnyRecord>; value: AnyRecord }[] = []
  try {
    for (const stream of streams) {
      const { value, done } = await stream.next()
      if (done !== true) heads.push({ stream, value })
    }
    while (heads.length > 0) {
      const head = heads.reduce((newest, each) => (each.value.time > newest.value.time ? each : newest))
      yield head.value
      const { value, done } = await head.stream.next()
      if (done === true) heads.splice(heads.indexOf(head), 1)
      else head.value = value
    }
  } finally {
    // Closes the files of those that were not read to their ends.
    for (const { stream } of heads) await stream.return(undefined)
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
