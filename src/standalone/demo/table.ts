/** Width and heading of one column. */
export interface Column {
  readonly heading: string
  readonly width: number
  readonly right?: boolean
}

const GAP = '  '

/** Heading and rule of a table. */
export function printHeading(columns: readonly Column[]): string {
  const headings = printRow(
    columns,
    columns.map(({ heading }) => heading),
  )
  return `${headings}${columns.map(({ width }) => '-'.repeat(width)).join(GAP)}\n`
}

/**
 * One row; cells that are too long go on below, broken at spaces where there are any, but not at no-break
 * spaces. Line ends in cells are kept.
 */
export function printRow(columns: readonly Column[], cells: readonly string[], paint: Paint = (text) => text): string {
  const wrapped = columns.map(({ width }, i) => cells[i]!.split('\n').flatMap((line) => wrap(line, width)))
  const height = Math.max(1, ...wrapped.map((lines) => lines.length))
  let text = ''
  for (let line = 0; line < height; line++) {
    const parts = columns.map(({ width, right }, i) => {
      const cell = wrapped[i]![line] ?? ''
      return paint(right ? cell.padStart(width) : cell.padEnd(width), i)
    })
    text += `${parts.join(GAP).replaceAll('\u00a0', ' ').trimEnd()}\n`
  }
  return text
}

/** Adds colour to a padded cell of the column with this index. */
export type Paint = (text: string, column: number) => string

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (line.length > width) {
      lines.push(line.slice(0, width))
      line = line.slice(width)
    }
  }
  return [...lines, line]
}
