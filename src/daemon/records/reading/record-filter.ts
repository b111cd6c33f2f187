import type { AnyRecord, RecordKind } from '../kinds/record-kinds.ts'

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

const FIELDS = ['client', 'reason', 'group', 'label'] as const

/** Does a record of that time match all but the kinds? */
export function matches(record: AnyRecord, time: number, filter: RecordFilter): boolean {
  if (filter.since !== undefined && time < filter.since) return false
  if (filter.until !== undefined && time >= filter.until) return false
  const fields = record as Readonly<Record<string, unknown>>
  for (const key of FIELDS) if (filter[key] !== undefined && fields[key] !== filter[key]) return false
  if (filter.name === undefined) return true
  const names = [fields.name, ...(Array.isArray(fields.names) ? fields.names : [])]
  const { name } = filter
  return names.some(
    (each) => each === name || (name.startsWith('*.') && typeof each === 'string' && each.endsWith(name.slice(1))),
  )
}

/** A line of which each octet was read as one character, as text. */
export const textOfLine = (line: string): string =>
  /[\x80-\xff]/.test(line) ? Buffer.from(line, 'latin1').toString('utf8') : line

/** Can the record of this line match? Told from the text, which costs a fraction of parsing; false only where it cannot. */
export function textFilter(filter: RecordFilter): (line: string) => boolean {
  const fields = FIELDS.flatMap((key) => printedAs(filter[key]).map((printed) => `"${key}":${printed}`))
  const { name } = filter
  const below = name?.startsWith('*.') ? printedAs(name.slice(1)).map((printed) => printed.slice(1)) : []
  const [whole] = below.length > 0 ? [] : printedAs(name)
  const wanted = [...fields, ...below]
  return (line) =>
    wanted.every((each) => line.includes(each)) &&
    (whole === undefined || line.includes(`"name":${whole}`) || (line.includes('"names":[') && line.includes(whole)))
}

/** How all writers of records print the text; none where they differ in what they escape. */
const printedAs = (text: string | undefined): readonly string[] =>
  text === undefined || /[\x7f-\uffff]/.test(text) ? [] : [JSON.stringify(text)]

/** When the line's record was made, in milliseconds since the epoch; undefined where that is not plain to see. */
export function timeOfLine(line: string): number | undefined {
  const at = line.indexOf(TIME)
  const time = at < 0 ? Number.NaN : Date.parse(line.slice(at + TIME.length, at + TIME.length + ISO_LENGTH))
  return Number.isNaN(time) ? undefined : time
}

/** A quotation mark within a value is escaped, so this is always a key. */
const TIME = '"time":"'
const ISO_LENGTH = '2026-01-01T00:00:00.000Z'.length
