import { ClawgressError, type Problem } from '../base/errors.ts'

/** As sentences; a full disk is told as such, wherever it was met. */
export function problemsOf(error: unknown): Problem[] {
  if (error instanceof ClawgressError) return [...error.problems]
  const { code, path, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const what = path ?? 'a generated file'
    return [{ code: 'apply.disk-full', message: `No space is left for ${what}; free some and commit again.` }]
  }
  return [{ code: 'internal.bug', message: `Something went wrong that must not: ${message ?? String(error)}.` }]
}

/** Runs a step of a commit; whatever it throws becomes a ClawgressError. */
export async function inSentences<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof ClawgressError ? error : new ClawgressError(problemsOf(error), { cause: error })
  }
}
