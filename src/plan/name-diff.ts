import { compareTables, KIND, type NameTable } from '../policy/index.ts'
import { FlatNameIndex } from './name-index.ts'
import type { Plan } from './types.ts'

/** Entries that came and went; wildcards as `*.x`. Each at most once, in no particular order. */
export interface NameChanges {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** Changes that are worth a list; above it, a zone is rather written anew. */
export const MAX_CHANGES = 20_000

/**
 * What changed in the names of a group between two Plans, for allow and deny lists apart; `too-many` above `limit`
 * changes in all. One linear pass over the lists, whatever their size.
 */
export function diffNames(
  old: Plan,
  next: Plan,
  groupId: number,
  limit = MAX_CHANGES,
): { allow: NameChanges; deny: NameChanges } | 'too-many' {
  const sets = { allow: emptyChange(), deny: emptyChange() }
  const note = (table: NameTable, entry: number, what: 'added' | 'removed') => {
    const kind = table.kind(entry)
    if (kind < KIND.label) sets[kind < KIND.deny ? 'allow' : 'deny'][what].add(table.text(entry))
    const { allow, deny } = sets
    return allow.added.size + allow.removed.size + deny.added.size + deny.removed.size <= limit
  }
  const complete = compareTables(tablesOf(old, groupId), tablesOf(next, groupId), {
    added: (table, entry) => note(table, entry, 'added'),
    removed: (table, entry) => note(table, entry, 'removed'),
  })
  if (!complete) return 'too-many'
  const listed = ({ added, removed }: ReturnType<typeof emptyChange>) => ({ added: [...added], removed: [...removed] })
  return { allow: listed(sets.allow), deny: listed(sets.deny) }
}

const emptyChange = () => ({ added: new Set<string>(), removed: new Set<string>() })

function tablesOf(plan: Plan, groupId: number): NameTable[] {
  if (!(plan.names instanceof FlatNameIndex)) throw new TypeError('only compiled Plans can be compared')
  return (plan.names.groups[groupId] ?? []).map((list) => list.table)
}
