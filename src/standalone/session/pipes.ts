import { ClawgressError, formatProblem } from '../../base/errors.ts'
import { parseConfig, printJson, printSetCommands } from '../../vyos/index.ts'

/** What may follow a command after `|`, with VyOS's help. */
export const PIPES: Readonly<Record<string, string>> = {
  count: 'Count the number of lines in the output',
  match: 'Only output lines that match specified pattern',
  'no-match': 'Only output lines that do not match specified pattern',
  'no-more': 'Do not paginate the output',
  commands: 'Convert config to set commands',
  json: 'Convert config to JSON',
}

/** Where a pipe is typed: VyOS converts configurations in configuration mode only, and only where nothing is open. */
export type PipeMode = 'operational' | 'unchanged' | 'changed'

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
const text = (kept: readonly string[]): string => (kept.length === 0 ? '' : `${kept.join('\n')}\n`)

/** `show` prints a configuration that the reader of configuration files reads. */
function convert(output: string, to: 'commands' | 'json', mode: PipeMode): string {
  const name = to === 'json' ? 'JSON' : to
  if (mode === 'operational') return `${name} pipe is not supported in operational mode\n`
  if (mode === 'changed') return `You have uncommited changes, please commit them before using the ${name} pipe\n`
  try {
    const tree = parseConfig(output)
    return to === 'json' ? `${printJson(tree, { pretty: true })}\n` : `${printSetCommands(tree).join('\n')}\n`
  } catch (error) {
    if (!(error instanceof ClawgressError)) throw error
    return `Could not parse the config file: ${error.problems.map(formatProblem).join('\n')}\n`
  }
}

/** Applies one pipe to the output of a command. Undefined where there is no such pipe or its argument is not valid. */
export function applyPipe(
  output: string,
  [name, argument, ...rest]: readonly string[],
  mode: PipeMode,
): string | undefined {
  if (rest.length > 0) return undefined
  if (name === 'match' || name === 'no-match') {
    const pattern = patternOf(argument)
    return pattern && text(lines(output).filter((line) => pattern.test(line) === (name === 'match')))
  }
  if (argument !== undefined) return undefined
  if (name === 'no-more') return output
  if (name === 'count') return `${lines(output).length}\n`
  return name === 'commands' || name === 'json' ? convert(output, name, mode) : undefined
}

function patternOf(source: string | undefined): RegExp | undefined {
  try {
    return source === undefined ? undefined : new RegExp(source)
  } catch {
    return undefined
  }
}
