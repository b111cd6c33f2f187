import { diffPolicies, formatDiff, type Policy } from '../../policy/index.ts'

/** How one policy differs from the one before. */
export interface Difference {
  readonly same: boolean
  /** For a person, bounded, ends with a line end. */
  readonly text: string
  /** One line for the history: `+2 -1 ~0`. */
  readonly summary: string
}

/** Compares two policies; without an old one everything is new. */
export function differenceOf(before: Policy | undefined, after: Policy): Difference {
  const diff = diffPolicies(before, after)
  const sum = { added: 0, removed: 0, changed: 0 }
  for (const { counts } of Object.values(diff.lists)) {
    sum.added += counts.added
    sum.removed += counts.removed
    sum.changed += counts.changed
  }
  const summary = diff.same ? 'no difference' : `+${sum.added} -${sum.removed} ~${sum.changed}`
  return { same: diff.same, text: formatDiff(diff), summary }
}
