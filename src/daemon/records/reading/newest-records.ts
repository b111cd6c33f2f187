import { type Layout, runtimePaths } from '../../../base/layout.ts'
import { type AnyRecord, parseRecord, type RecordKind } from '../kinds/record-kinds.ts'
import { NewestLines } from './newest-lines.ts'
import { type PageCursor, printCursor, readCursor } from './page-cursor.ts'
import { matches, type RecordFilter, textFilter, textOfLine, timeOfLine } from './record-filter.ts'

export interface RecordPage {
  /** Newest first. */
  readonly records: readonly AnyRecord[]
  /** For the page of older ones; absent: there are none. */
  readonly cursor?: string
  /**
   * Milliseconds since the epoch, where the bound on reading has ended this page: what is older has not been looked
   * through, and there may be more at `cursor`.
   */
  readonly searchedTo?: number
}

export const MAX_PAGE = 1_000
/** Octets of logs that are read for one page, over all files. */
const MAX_READ = 1 << 30
/** Records of different files, and repeats, are up to so many milliseconds out of order. */
const DISORDER = 10_000

const KINDS: readonly RecordKind[] = ['deny', 'allow', 'commit', 'alert', 'omission']

/** Bounds on one reading. */
interface ReadingBounds {
  /** Octets of logs, over all files; the first portion of each is read at any rate, so that every page gets further. */
  readonly maxBytes?: number
  /** Ends the reading: the promise then rejects with its reason. */
  readonly signal?: AbortSignal
}

/** One log among those that are read together. */
interface Source {
  readonly kind: RecordKind
  readonly lines: NewestLines
  hasBegun: boolean
  isEnded: boolean
  /** Of the next line, in milliseconds since the epoch; undefined where that is not plain to see. */
  seen: number | undefined
  /** The same; of the line before where it is not plain to see. */
  time: number
}

/**
 * The newest records that match, over all logs and their older files, from the newest line of any to the next. The cursor
 * is the place in each log, so that pages neither skip nor repeat while new records come and files are turned over.
 * Reads in small portions, between which the rest of the program runs. Rejects with `config.value` for a cursor of
 * somebody else's.
 */
export async function newestRecords(
  layout: Layout,
  filter: RecordFilter = {},
  limit = 100,
  cursor?: string,
  { maxBytes = MAX_READ, signal }: ReadingBounds = {},
): Promise<RecordPage> {
  const wanted = Math.max(1, Math.min(MAX_PAGE, limit))
  const files = (filter.kinds ?? KINDS).flatMap((kind) => pathsOf(layout, kind).map((path) => ({ kind, path })))
  const from = cursor === undefined ? undefined : readCursor(cursor, files.length)
  const budget = { left: maxBytes }
  const sources = files.map(({ kind, path }, at): Source => {
    const place = from?.places[at]
    const lines = new NewestLines(path, budget, place ?? undefined)
    return { kind, lines, hasBegun: false, isEnded: place === null, seen: undefined, time: Number.POSITIVE_INFINITY }
  })
  const mayMatch = textFilter(filter)
  const records: AnyRecord[] = []
  let time = from?.time ?? Date.now()
  const stopped = () => printCursor({ time, places: sources.map(placeOf) })
  try {
    for (;;) {
      for (const source of sources) {
        if (source.isEnded || source.lines.line !== undefined) continue
        if (source.hasBegun && budget.left <= 0) return { records, cursor: stopped(), searchedTo: time }
        source.hasBegun = true
        await source.lines.fill(signal)
        look(source, filter)
        // Nothing of it may be newer than the rest only once its next line is known.
        if (!source.isEnded && source.lines.line === undefined) return { records, cursor: stopped(), searchedTo: time }
      }
      const source = newestOf(sources)
      if (source === undefined) return { records }
      const record = recordOf(source, filter, mayMatch)
      if (record !== undefined && records.length === wanted) return { records, cursor: stopped() }
      if (record !== undefined) records.push(record)
      if (Number.isFinite(source.time)) time = source.time
      source.lines.advance()
      look(source, filter)
    }
  } finally {
    for (const { lines } of sources) await lines.close()
  }
}

/** Learns the time of the next line, and ends where all that follow are too old. */
function look(source: Source, { since = Number.NEGATIVE_INFINITY }: RecordFilter): void {
  const { line, isEnded } = source.lines
  source.seen = line === undefined ? undefined : timeOfLine(line)
  source.time = source.seen ?? source.time
  source.isEnded = isEnded || source.time < since - DISORDER
}

function newestOf(sources: readonly Source[]): Source | undefined {
  let newest: Source | undefined
  for (const source of sources)
    if (!source.isEnded && (newest === undefined || source.time > newest.time)) newest = source
  return newest
}

function recordOf(
  { kind, lines, seen }: Source,
  filter: RecordFilter,
  mayMatch: (line: string) => boolean,
): AnyRecord | undefined {
  const line = lines.line!
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = filter
  if (seen !== undefined && (seen < since || seen >= until)) return undefined
  const record = mayMatch(line) ? parseRecord(kind, textOfLine(line)) : undefined
  return record !== undefined && matches(record, Date.parse(record.time), filter) ? record : undefined
}

const placeOf = ({ isEnded, lines }: Source): PageCursor['places'][number] => (isEnded ? null : (lines.place ?? null))

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
