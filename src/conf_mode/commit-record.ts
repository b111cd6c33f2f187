import { ClawgressError } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { appendCommit, type CommitRecord } from '../services/index.ts'
import type { Activation } from './activate.ts'
import { inSentences } from './failure.ts'
import type { Verified } from './verify.ts'

const MAX_TEXT = 2048
const MAX_PROBLEMS = 20

/** Carries an activation out and writes a record of it, unless nothing was to be done. Throws ClawgressError. */
export async function recorded(
  layout: Layout,
  { sources, plan }: Verified,
  user: string,
  carryOut: () => Promise<Activation>,
): Promise<Activation> {
  const source = sources.file?.path
  const about = { user: user.slice(0, 256), ...(source === undefined ? {} : { source: source.slice(0, 4096) }) }
  try {
    const activation = await inSentences(carryOut)
    const { changed, generation, difference, milliseconds } = activation
    if (changed)
      appendCommit(layout, {
        event: 'live',
        ...about,
        generation,
        summary: difference.summary.slice(0, MAX_TEXT),
        milliseconds,
      })
    return activation
  } catch (error) {
    appendCommit(layout, { event: 'failed', ...about, generation: plan.generation, problems: problemsOf(error) })
    throw error
  }
}

const problemsOf = (error: unknown): CommitRecord['problems'] =>
  error instanceof ClawgressError
    ? error.problems.slice(0, MAX_PROBLEMS).map(({ code, message }) => ({ code, message: message.slice(0, MAX_TEXT) }))
    : undefined
