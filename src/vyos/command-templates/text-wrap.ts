const WIDTH = 64
const TAB_SIZE = 8
const LATER_LINES = '\t\t\t'

const SPACE = '[\\t\\n\\v\\f\\r ]'
const WORD = '[\\p{L}\\p{N}_]'
const LETTER = '[\\p{L}_]'
const BEFORE_DASH = '[\\p{L}\\p{N}_!"\'&.,?]'
/** Where a line may break: at white space, at a dash between words, after the hyphen of a compound of letters. */
const CHUNKS = new RegExp(
  [
    `${SPACE}+`,
    `(?<=${BEFORE_DASH})-{2,}(?=${WORD})`,
    `[^\\t\\n\\v\\f\\r ]+?(?:-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${LETTER}-))(?=${LETTER}-?${LETTER})|(?=${SPACE}|$)|(?<=${BEFORE_DASH})(?=-{2,}${WORD}))`,
  ].join('|'),
  'gu',
)

/** Tabs become spaces up to the next column that is a multiple of eight, every other white space one space. */
function plainSpaces(text: string): string {
  let column = 0
  let result = ''
  for (const character of text) {
    if (character === '\t') {
      const spaces = TAB_SIZE - (column % TAB_SIZE)
      result += ' '.repeat(spaces)
      column += spaces
    } else {
      result += /[\n\v\f\r]/.test(character) ? ' ' : character
      column = /[\n\r]/.test(character) ? 0 : column + 1
    }
  }
  return result
}

/** Chunks as lists of characters, so that lengths count characters beyond the basic plane once. */
function splitChunks(text: string): string[][] {
  const chunks: string[] = []
  let end = 0
  for (const match of text.matchAll(CHUNKS)) {
    if (match.index > end) chunks.push(text.slice(end, match.index))
    chunks.push(match[0])
    end = match.index + match[0].length
  }
  if (end < text.length) chunks.push(text.slice(end))
  return chunks.map((chunk) => [...chunk])
}

const isBlank = (chunk: readonly string[] | undefined): boolean => chunk?.every((c) => c.trim() === '') ?? false

/** How much of a word that fits on no line still goes on this one: up to its last hyphen, or all that fits. */
function breakAt(chunk: readonly string[], room: number): number {
  const hyphen = chunk.slice(0, room).lastIndexOf('-')
  const compound = hyphen > 0 && chunk.slice(0, hyphen).some((character) => character !== '-')
  return compound ? hyphen + 1 : room
}

/**
 * Breaks a help text as node.def files hold it: lines of at most 64 characters, later ones after three tabs.
 * Gives what Python's `textwrap.fill(text, width=64, subsequent_indent='\t\t\t')` gives.
 */
export function wrapHelp(text: string): string {
  const chunks = splitChunks(plainSpaces(text)).reverse()
  const lines: string[] = []
  while (chunks.length > 0) {
    const indent = lines.length > 0 ? LATER_LINES : ''
    const width = WIDTH - indent.length
    const line: string[][] = []
    let length = 0
    if (lines.length > 0 && isBlank(chunks.at(-1))) chunks.pop()
    while (chunks.length > 0 && length + chunks.at(-1)!.length <= width) {
      const chunk = chunks.pop()!
      line.push(chunk)
      length += chunk.length
    }
    if (chunks.length > 0 && chunks.at(-1)!.length > width) {
      const chunk = chunks.pop()!
      const end = breakAt(chunk, width - length)
      line.push(chunk.slice(0, end))
      chunks.push(chunk.slice(end))
    }
    if (isBlank(line.at(-1))) line.pop()
    if (line.length > 0) lines.push(indent + line.flat().join(''))
  }
  return lines.join('\n')
}
