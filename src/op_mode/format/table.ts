const GAP = '  '

/** A table as VyOS's operational mode prints them (tabulate's "simple"): header, dashes, rows, two spaces between. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(withoutControls))
  const widths = header.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `${row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join(GAP)
      .trimEnd()}\n`
  return [header, widths.map((width) => '-'.repeat(width)), ...cells].map(line).join('')
}

/** `Name: value` lines, the values below each other. */
export function printFacts(facts: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length)) + 2
  return facts
    .map(([name, value]) => `${`${name}:`.padEnd(width)}${withoutControls(value)}`.trimEnd())
    .join('\n')
    .concat('\n')
}

/** Terminals act on control characters; a log or a policy may hold any. */
export const withoutControls = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?')

/** `1 name`, `2 names`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
