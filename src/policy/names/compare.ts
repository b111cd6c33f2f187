import { hashName } from './hash.ts'
import { KINDS, type NameTable } from './table.ts'

/** What `compareTables` tells; every entry is told once. Returning false ends the comparison. */
export interface ComparisonVisitor {
  added(next: NameTable, entry: number): boolean
  removed(old: NameTable, entry: number): boolean
  /** The entry is in both; its attributes may differ. */
  kept?(old: NameTable, oldEntry: number, next: NameTable, nextEntry: number): void
}

/**
 * Compares two ordered lists of tables as sets of (name, kind). Tables at the same place are walked in parallel, and
 * only what does not stand in the same order is looked up, so that a few changes among a million names, or a block
 * that moved, cost one linear pass. Returns false where the visitor ended it.
 */
export function compareTables(
  old: readonly NameTable[],
  next: readonly NameTable[],
  visitor: ComparisonVisitor,
): boolean {
  for (let place = 0; place < Math.max(old.length, next.length); place++) {
    const before = new Side(old[place], next)
    const after = new Side(next[place], old)
    if (!walk(before, after, visitor)) return false
  }
  return true
}

/** One table being walked, with what the tables of the other side know of its current entry. */
class Side {
  readonly table: NameTable | undefined
  readonly size: number
  entry = 0
  private readonly others: readonly NameTable[]
  private asked = -1
  private other: { table: NameTable; entry: number } | undefined

  constructor(table: NameTable | undefined, others: readonly NameTable[]) {
    this.table = table
    this.size = table?.size ?? 0
    this.others = others
  }

  /** The other side's entry of the same name and kind. */
  partner(): { table: NameTable; entry: number } | undefined {
    if (this.asked !== this.entry) {
      this.asked = this.entry
      this.other = findIn(this.others, this.table!, this.entry)
    }
    return this.other
  }

  /** How far ahead the partner stands on the other side; negative where that is past it or in another table. */
  distance(side: Side): number {
    const partner = this.partner()
    return partner?.table === side.table ? partner!.entry - side.entry : -1
  }
}

function walk(before: Side, after: Side, visitor: ComparisonVisitor): boolean {
  while (before.entry < before.size || after.entry < after.size) {
    const hasBefore = before.entry < before.size
    const hasAfter = after.entry < after.size
    if (hasBefore && hasAfter && same(before, after)) {
      visitor.kept?.(before.table!, before.entry, after.table!, after.entry)
      before.entry++
      after.entry++
    } else if (hasAfter && (!hasBefore || goesFirst(after, before))) {
      if (after.partner() === undefined && !visitor.added(after.table!, after.entry)) return false
      after.entry++
    } else {
      const partner = before.partner()
      if (partner === undefined && !visitor.removed(before.table!, before.entry)) return false
      if (partner !== undefined) visitor.kept?.(before.table!, before.entry, partner.table, partner.entry)
      before.entry++
    }
  }
  return true
}

/** Which side to move on so that both are in step again soonest. */
function goesFirst(after: Side, before: Side): boolean {
  const afterDistance = after.distance(before)
  if (afterDistance < 0) return true
  const beforeDistance = before.distance(after)
  return beforeDistance >= 0 && beforeDistance < afterDistance
}

function same(before: Side, after: Side): boolean {
  const a = before.table!
  const b = after.table!
  if (a.kind(before.entry) !== b.kind(after.entry)) return false
  return a.nameEquals(before.entry, b.blob, b.starts[after.entry]!, b.starts[after.entry + 1]! - 1)
}

const found = new Int32Array(KINDS)

function findIn(
  tables: readonly NameTable[],
  table: NameTable,
  entry: number,
): { table: NameTable; entry: number } | undefined {
  const start = table.starts[entry]!
  const end = table.starts[entry + 1]! - 1
  const bit = 1 << table.kind(entry)
  const hash = hashName(table.blob, start, end)
  for (const other of tables) {
    if ((other.find(table.blob, start, end, hash, found) & bit) !== 0) {
      return { table: other, entry: found[table.kind(entry)]! }
    }
  }
  return undefined
}
