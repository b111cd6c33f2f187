import { spawn } from 'node:child_process'
import type { OpDefinition } from '../../vyos/index.ts'

/** Commands of operational mode that the shell carries out itself. Their `command` is a name, not a shell line. */
export const BUILT_IN = [
  'configure',
  'exit',
  'show-configuration',
  'show-commands',
  'show-json',
  'show-json-pretty',
] as const
export type BuiltIn = (typeof BUILT_IN)[number]

const NO_COMPLETION = { list: [], paths: [], scripts: [] }
const leaf = (name: string, help: string, command: BuiltIn): OpDefinition => ({
  kind: 'leaf',
  name,
  help,
  completion: NO_COMPLETION,
  command,
  children: [],
})

export const BUILT_IN_DEFINITIONS: readonly OpDefinition[] = [
  leaf('configure', 'Enter configuration mode', 'configure'),
  leaf('exit', 'Leave the shell', 'exit'),
  { kind: 'leaf', name: 'clawgress', help: 'Run the clawgress command', completion: NO_COMPLETION, children: [] },
  {
    kind: 'node',
    name: 'show',
    help: 'Show system information',
    completion: NO_COMPLETION,
    children: [
      {
        kind: 'node',
        name: 'configuration',
        help: 'Show running configuration',
        completion: NO_COMPLETION,
        command: 'show-configuration',
        children: [
          leaf('commands', 'Show running configuration as set commands', 'show-commands'),
          {
            kind: 'node',
            name: 'json',
            help: 'Show running configuration in JSON format',
            completion: NO_COMPLETION,
            command: 'show-json',
            children: [leaf('pretty', 'Show running configuration in readable JSON format', 'show-json-pretty')],
          },
        ],
      },
    ],
  },
]

export type OpMatch =
  | { readonly ok: true; readonly command: string; readonly words: readonly string[] }
  | { readonly ok: false; readonly message: string }

/** Where a line of words stands in the tree of commands. */
export interface OpPosition {
  readonly words: readonly string[]
  /** The last word's definition; undefined before the first. */
  readonly definition: OpDefinition | undefined
  /** The next word is a tag value. */
  readonly wantsValue: boolean
  readonly children: readonly OpDefinition[]
}

/** Walks words, which may be shortened while they stay unambiguous. */
export function locateOp(
  definitions: readonly OpDefinition[],
  words: readonly string[],
): OpPosition | { readonly message: string } {
  let position: OpPosition = { words: [], definition: undefined, wantsValue: false, children: definitions }
  for (const [index, word] of words.entries()) {
    if (position.wantsValue) {
      const children = position.definition!.children
      position = { ...position, words: [...position.words, word], wantsValue: false, children }
      continue
    }
    const exact = position.children.filter((child) => child.name === word)
    const found = exact.length > 0 ? exact : position.children.filter((child) => child.name.startsWith(word))
    const typed = position.words.length === 0 ? '' : `${position.words.join(' ')} `
    if (found.length === 0) return { message: `Invalid command: ${typed}[${word}]` }
    if (new Set(found.map((child) => child.name)).size > 1) {
      const names = found.map((child) => child.name).join(' ')
      return { message: `Ambiguous command: ${typed}[${word}]\nPossible completions: ${names}` }
    }
    const next = found.find((child) => (child.kind === 'tag') === index < words.length - 1) ?? found[0]!
    position = {
      words: [...position.words, next.name],
      definition: next,
      wantsValue: next.kind === 'tag',
      children: next.kind === 'tag' ? [] : next.children,
    }
  }
  return position
}

/** The command that a line of words stands for. */
export function matchOp(definitions: readonly OpDefinition[], words: readonly string[]): OpMatch {
  const position = locateOp(definitions, words)
  if ('message' in position) return { ok: false, message: position.message }
  const command = position.definition?.command
  if (command === undefined || position.wantsValue) {
    return { ok: false, message: `Incomplete command: ${words.join(' ')}` }
  }
  return { ok: true, command, words: position.words }
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

export interface OpRun {
  /** Our own executable, under the name `clawgress` inside the command. */
  readonly program: readonly string[]
  /** Give the output back instead of letting it through. */
  readonly capture: boolean
}

/** Captured output beyond it is cut. */
const MAX_CAPTURE_BYTES = 16 * 1024 * 1024

/**
 * Runs the `<command>` of an op-mode definition by `sh`. The words typed are its positional parameters, so nothing in
 * them is ever parsed as shell. Root needs no sudo, and a small system has none.
 */
export function runOp(command: string, words: readonly string[], run: OpRun): Promise<{ ok: boolean; output: string }> {
  const prelude = [`clawgress() { ${run.program.map(quoted).join(' ')} "$@"; }`]
  if (process.getuid?.() === 0) prelude.push('sudo() { "$@"; }')
  return runProgram(['sh', '-c', [...prelude, command].join('\n'), 'clawgress', ...words], run.capture)
}

/** Runs a program in the foreground. */
export function runProgram(argv: readonly string[], capture: boolean): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const stdin = process.stdin.isTTY ? 'inherit' : 'ignore'
    const child = spawn(argv[0]!, argv.slice(1), { stdio: [stdin, capture ? 'pipe' : 'inherit', 'inherit'] })
    const chunks: Buffer[] = []
    let size = 0
    child.stdout?.on('data', (chunk: Buffer) => {
      if (size < MAX_CAPTURE_BYTES) chunks.push(chunk)
      size += chunk.length
    })
    const finish = (ok: boolean, more = '') => resolve({ ok, output: Buffer.concat(chunks).toString('utf8') + more })
    child.on('error', (error) => finish(false, `The command cannot be started: ${error.message}\n`))
    child.on('close', (code) => finish(code === 0))
  })
}
