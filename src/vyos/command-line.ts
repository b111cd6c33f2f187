/** One command of a line: its words without quotes, and the pipes after it. */
export interface CommandLine {
  readonly words: readonly string[]
  /** `show | match foo`: one list of words a pipe. */
  readonly pipes: readonly (readonly string[])[]
}

export type Split =
  | { readonly ok: true; readonly commands: readonly CommandLine[] }
  | { readonly ok: false; readonly message: string }

const QUOTES = `"'`

/**
 * Splits a line as a shell would: words at blanks, single and double quotes, backslash, `;` between commands, `|`
 * before a pipe, `#` comment at the start of a word. Nothing is ever expanded.
 */
export function splitLine(line: string): Split {
  const commands: CommandLine[] = []
  let pipes: string[][] = [[]]
  let word: string | undefined
  const endWord = () => {
    if (word !== undefined) pipes.at(-1)!.push(word)
    word = undefined
  }
  const endCommand = () => {
    endWord()
    const [words, ...rest] = pipes
    if (words!.length > 0) commands.push({ words: words!, pipes: rest })
    pipes = [[]]
  }
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!
    if (QUOTES.includes(char)) {
      const end = closingQuote(line, i)
      if (end < 0) return { ok: false, message: `A ${char} is not closed` }
      word = (word ?? '') + unquote(line.slice(i + 1, end), char)
      i = end
    } else if (char === '\\' && i + 1 < line.length) {
      word = (word ?? '') + line[++i]!
    } else if (char === ' ' || char === '\t' || char === '\r') {
      endWord()
    } else if (char === ';' || char === '\n') {
      endCommand()
    } else if (char === '|') {
      endWord()
      pipes.push([])
    } else if (char === '#' && word === undefined) {
      break
    } else {
      word = (word ?? '') + char
    }
  }
  endCommand()
  return { ok: true, commands }
}

/** After the end of a quoted comment: nothing, or the next piece of it. */
const AFTER_COMMENT = /(?:[ \t\r]*(?:\n|$)|\\')/y

/**
 * Lines of a text that holds a command each, with the number of the first. The quoted text of a `comment` may span lines;
 * anywhere else a quote that is not closed on its line is a mistake, which must not hide the commands below it.
 */
export function commandLines(text: string): { readonly text: string; readonly line: number }[] {
  const found: { text: string; line: number }[] = []
  let start = 0
  let line = 1
  const endAt = (end: number) => {
    const part = text.slice(start, end)
    found.push({ text: part, line })
    line += part.split('\n').length
    start = end + 1
  }
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (char === '\n') endAt(i)
    else if (char === '\\' && text[i + 1] !== '\n') i++
    else if (QUOTES.includes(char)) {
      const end = closingQuote(text, i)
      AFTER_COMMENT.lastIndex = end + 1
      const spans = text.startsWith('comment ', start) && AFTER_COMMENT.test(text)
      if (end >= 0 && (spans || !text.slice(i, end).includes('\n'))) i = end
    } else if (char === '#' && (i === start || ' \t\r;|'.includes(text[i - 1]!))) {
      const end = text.indexOf('\n', i)
      i = (end < 0 ? text.length : end) - 1
    }
  }
  endAt(text.length)
  return found
}

function closingQuote(line: string, start: number): number {
  const quote = line[start]!
  for (let i = start + 1; i < line.length; i++) {
    if (line[i] === '\\' && quote === '"') i++
    else if (line[i] === quote) return i
  }
  return -1
}

const unquote = (text: string, quote: string): string => (quote === '"' ? text.replace(/\\(["\\$`])/g, '$1') : text)

/** The words before the cursor for completion, and the word it stands in (empty after a blank). */
export function wordsForCompletion(line: string): { readonly before: string[]; readonly current: string } {
  const command = line.slice(line.lastIndexOf(';') + 1).trimStart()
  const words = command.split(/\s+/)
  return { before: words.slice(0, -1), current: words.at(-1)! }
}
