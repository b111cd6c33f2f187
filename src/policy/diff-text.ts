import type { DiffEntry, DiffList, ListDiff, PolicyDiff } from './diff.ts'

/** Lines shown of each kind of change in each list. */
const SHOWN_LINES = 20

const TITLES: Record<DiffList, string> = {
  'allow.domains': 'allowed domains',
  'allow.ips': 'allowed prefixes',
  'deny.domains': 'denied domains',
  'deny.ips': 'denied prefixes',
  labels: 'labels',
}

/** The difference for a person: counts first, then the entries, bounded; ends with a line end. */
export function formatDiff(diff: PolicyDiff): string {
  if (diff.same) return 'No difference.\n'
  const lines: string[] = []
  for (const [list, title] of Object.entries(TITLES)) addList(lines, title, diff.lists[list as DiffList])
  if (diff.ports !== undefined) {
    const text = (ports: string | undefined) => ports ?? '80,443 (default)'
    lines.push(`~ ports ${text(diff.ports.after)}, was ${text(diff.ports.before)}`)
  }
  if (diff.description !== undefined) {
    const text = (description: string | undefined) => (description === undefined ? 'none' : `"${description}"`)
    lines.push(`~ description ${text(diff.description.after)}, was ${text(diff.description.before)}`)
  }
  return `${lines.join('\n')}\n`
}

function addList(lines: string[], title: string, { added, removed, changed, counts }: ListDiff): void {
  if (counts.added + counts.removed + counts.changed === 0) return
  const parts = [`${counts.added} added`, `${counts.removed} removed`, `${counts.changed} changed`]
  lines.push(`${title}: ${parts.filter((part) => !part.startsWith('0 ')).join(', ')}`)
  addLines(lines, '-', counts.removed, removed.map(entryText))
  addLines(lines, '+', counts.added, added.map(entryText))
  addLines(
    lines,
    '~',
    counts.changed,
    changed.map((entry) => `${entryText(entry)}, was ${inBrackets(entry.before)}`),
  )
}

function addLines(lines: string[], sign: string, count: number, texts: readonly string[]): void {
  const shown = texts.slice(0, SHOWN_LINES)
  for (const text of shown) lines.push(`  ${sign} ${text}`)
  if (count > shown.length) lines.push(`  ${sign} … and ${count - shown.length} more`)
}

const inBrackets = (attributes: string): string => (attributes === '' ? '(nothing)' : `(${attributes})`)

const entryText = ({ text, attributes }: DiffEntry): string =>
  attributes === '' ? text : `${text} ${inBrackets(attributes)}`
