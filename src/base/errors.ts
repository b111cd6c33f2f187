import type { ErrorCode } from './error-catalogue.ts'

/** One thing that is wrong, as an operator reads it: a sentence, where, and what to do. */
export interface Problem {
  readonly code: ErrorCode
  /** A full sentence that says what is wrong and what would be right. */
  readonly message: string
  /** JSON path (`$.allow.domains[3]`) or configuration path (`service clawgress client interface`). */
  readonly path?: string
  readonly file?: string
  /** 1-based. */
  readonly line?: number
  /** 1-based, in characters. */
  readonly column?: number
}

/**
 * Prints `file:line:column path: message (code)`, with the parts that are known. Where the line is not, a path comes
 * first, as `path (file)`: it is then a node of the configuration, and the file what the node names.
 */
export function formatProblem(problem: Problem): string {
  const where = whereabouts(problem)
  return printable(`${where === '' ? '' : `${where}: `}${problem.message} (${problem.code})`)
}

function whereabouts({ file = '', path = '', line, column }: Problem): string {
  if (line === undefined) return file === '' || path === '' ? `${path}${file}` : `${path} (${file})`
  const place =
    file === ''
      ? `line ${line}${column === undefined ? '' : `, column ${column}`}`
      : `${file}:${line}${column === undefined ? '' : `:${column}`}`
  return path === '' ? place : `${place}${file === '' ? ',' : ''} ${path}`
}

/** What somebody typed may stand in a sentence, and must not speak to the terminal or begin a line of its own. */
const printable = (text: string): string =>
  text.replace(
    /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Refusal or failure that is meant to be read by an operator; carries every problem found, never a stack trace. */
export class ClawgressError extends Error {
  override readonly name = 'ClawgressError'
  readonly problems: readonly Problem[]

  constructor(problems: Problem | readonly Problem[], options?: ErrorOptions) {
    const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem]
    super(list.map(formatProblem).join('\n'), options)
    this.problems = list
  }
}

/** Shorthand for throwing one problem. */
export function fail(code: ErrorCode, message: string, where: Omit<Problem, 'code' | 'message'> = {}): never {
  throw new ClawgressError({ code, message, ...where })
}
