import { type EntryLines, entriesOf, filterLines, forEachLine, joinLines, linesOf } from './entry-lines.ts'

/** Octets of text of the longest name that leaves room for a one-letter zone: 255 on the wire, less 2. */
const LONGEST_OWNER = 251
/** A name one label (63 octets and a dot) below one of this length may be too long for the zone. */
const LONG_PARENT = LONGEST_OWNER + 1 - 64

/**
 * Names of 252 and 253 octets do not fit in front of the zone's name. named then drops labels from the left before it
 * looks them up, so what they need listed is the name above them, both by itself and as a wildcard. That lets more
 * through to the pinner, which judges every name by the Plan again and refuses the rest.
 */
export function passLongNames(lines: EntryLines): EntryLines {
  if (longestOf(lines) < LONG_PARENT) return lines
  const fitting = withoutLongNames(lines)
  const extra = new Set<string>()
  for (const entry of entriesOf(filterLines(lines, (start, end) => end - start >= LONG_PARENT))) {
    const parent = entry.slice(entry.indexOf('.') + 1)
    if (entry.startsWith('*.')) {
      if (parent.length >= LONG_PARENT) extra.add(parent)
      if (entry.length > LONGEST_OWNER) extra.add(`*.${parent.slice(parent.indexOf('.') + 1)}`)
    } else if (entry.length > LONGEST_OWNER) {
      extra.add(parent).add(`*.${parent}`)
    }
  }
  return extra.size === 0 ? fitting : joinLines(fitting, linesOf(extra))
}

/** For zones that deny: a name that does not fit is left out, and refused by the pinner alone. */
export function withoutLongNames(lines: EntryLines): EntryLines {
  if (longestOf(lines) <= LONGEST_OWNER) return lines
  return filterLines(lines, (start, end) => end - start <= LONGEST_OWNER)
}

function longestOf(lines: EntryLines): number {
  if (lines.longest !== undefined) return lines.longest
  let longest = 0
  forEachLine(lines.bytes, (start, end) => {
    longest = Math.max(longest, end - start)
  })
  return longest
}
