/** What may follow a command after `|`, with its help. */
export const PIPES: Readonly<Record<string, string>> = {
  count: 'Count the lines of the output',
  match: 'Show only lines that match a pattern',
  'no-match': 'Show only lines that do not match a pattern',
  'no-more': 'Do not page the output',
}

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
const text = (kept: readonly string[]): string => (kept.length === 0 ? '' : `${kept.join('\n')}\n`)

/** Applies one pipe to the output of a command. Undefined where there is no such pipe or its argument is not valid. */
export function applyPipe(output: string, [name, argument, ...rest]: readonly string[]): string | undefined {
  if (rest.length > 0) return undefined
  if (name === 'no-more' && argument === undefined) return output
  if (name === 'count' && argument === undefined) return `Count: ${lines(output).length} lines\n`
  if ((name !== 'match' && name !== 'no-match') || argument === undefined) return undefined
  let pattern: RegExp
  try {
    pattern = new RegExp(argument, 'i')
  } catch {
    return undefined
  }
  return text(lines(output).filter((line) => pattern.test(line) === (name === 'match')))
}
