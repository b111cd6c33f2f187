/** A command that a document shows after a prompt, with the output that stands below it. */
export interface ShownCommand {
  /** `agent1`, `agent2`: a plain shell on an agent; `gateway`: one on the gateway; `shell`: VyOS's, or the one like it. */
  readonly place: 'agent1' | 'agent2' | 'gateway' | 'shell'
  readonly command: string
  readonly output: readonly string[]
  readonly line: number
}

/** Prompts that the documents use; `root@gateway#` and `vyos@router#` are configuration mode. */
const PROMPT = /^(?:(agent1|agent2|gateway)\$|(root@gateway|vyos@router)(?:#|:~\$)) (.*)$/

/**
 * Commands of all blocks marked `console`, or `vyos` for those recorded on VyOS, in order. A line that begins with no
 * prompt belongs to the output above it.
 */
export function shownCommands(markdown: string, marked: 'console' | 'vyos' = 'console'): ShownCommand[] {
  const commands: (ShownCommand & { output: string[] })[] = []
  let inside = false
  for (const [index, text] of markdown.split('\n').entries()) {
    if (text.startsWith('```')) {
      inside = text === `\`\`\`${marked}`
      continue
    }
    if (!inside) continue
    const match = PROMPT.exec(text)
    const last = commands.at(-1)
    if (match !== null) {
      const place = (match[1] ?? 'shell') as ShownCommand['place']
      commands.push({ place, command: match[3]!, output: [], line: index + 1 })
    } else if (last === undefined) throw new Error(`line ${index + 1}: a block of commands begins without a prompt`)
    else last.output.push(text)
  }
  return commands
}

/** Blocks marked with a language, such as `json`. */
export const blocksOf = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, kind]) => kind === language)
    .map(([, , text]) => text!)

/**
 * Does the output say what the document shows? Line by line, in order, but for rows of records; blanks count as one,
 * rules of tables by their columns, and generations, times, durations and ids match any other. A shown line that is
 * only `…` stands for any number of lines, and `…` inside a line for any text.
 * @returns the first shown line that was not there, or undefined
 */
export function missingLine(shown: readonly string[], printed: string): string | undefined {
  const lines = printed
    .split('\n')
    .map(normal)
    .filter((line) => line !== '')
  let at = 0
  let skipping = false
  for (const raw of shown) {
    const text = normal(raw)
    if (text === '') continue
    if (text === '…') {
      skipping = true
      continue
    }
    const pattern = lineOf(text)
    const found = lines.findIndex(
      (line, index) =>
        index >= at && (skipping || index === at || isSameRun(lines, at, index, text)) && pattern.test(line),
    )
    if (found < 0) return raw
    if (skipping) at = found
    else lines.splice(at, 0, ...lines.splice(found, 1))
    at++
    skipping = false
  }
  return skipping || at === lines.length ? undefined : `(nothing more, but there was: ${lines[at]})`
}

/** Rows of records, and the sentences of their reasons below them, stand in the order in which things were told. */
const UNORDERED = [/^TIME /, /^(?:dns|net)\.[a-z-]+: /]

const isSameRun = (lines: readonly string[], from: number, to: number, text: string): boolean => {
  const kind = UNORDERED.find((pattern) => pattern.test(text))
  return kind !== undefined && lines.slice(from, to + 1).every((line) => kind.test(line))
}

const lineOf = (text: string) =>
  new RegExp(
    `^${text
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  )

/** What differs from run to run, each as one word. */
const MASKS: readonly [RegExp, string][] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?/g, 'TIME'],
  [/\b[0-9a-f]{16}\b/g, 'GENERATION'],
  [/\b\d+(\.\d+)? ?ms\b/g, 'DURATION'],
  [/\b(\d+[hms] ?)*\d+[hms]\b/g, 'DURATION'],
  // Number of records that were joined into one, in the table of denials.
  [/\b\d+ (?=(?:dns|net)\.)/g, 'COUNT '],
  [/\bAAAA,A\b/g, 'A,AAAA'],
  [/-{4,}/g, '---'],
  // How far a commit is, told on a machine that is slow at the moment.
  [/^\[\d+\.\d s\] .* \.\.\.$/, ''],
]

function normal(line: string): string {
  let text = line.trim().replace(/\s+/g, ' ')
  for (const [pattern, mask] of MASKS) text = text.replace(pattern, mask)
  return text
}
