import { ClawgressError } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { liveRuleset } from '../firewall/index.ts'
import { applyGeneration } from './apply.ts'
import { problemsOf } from './failure.ts'
import { clearIntent, type Generation, switchCurrent } from './generation.ts'
import { prove } from './prove.ts'
import { forget, removeEnforcement } from './remove.ts'
import { loadClosed } from './system/kernel.ts'
import type { NetworkInterface } from './system/system-facts.ts'

/** What an apply that fails goes back to. */
export interface Before {
  readonly previous: Generation | undefined
  /** A table of ours stood already: default deny since boot, or what a killed commit left. */
  readonly wasPoliced: boolean
}

export const standsBefore = (previous: Generation | undefined): Before => ({
  previous,
  wasPoliced: liveRuleset().present,
})

/**
 * Undoes a failed apply of `target`: the previous generation, proven; without one, default deny where clients were
 * policed before, and nothing of ours where they were not. Always throws: `error` in sentences, and what the way back
 * met on top.
 */
export async function goBack(
  layout: Layout,
  target: Generation,
  { previous, wasPoliced }: Before,
  interfaces: readonly NetworkInterface[],
  error: unknown,
): Promise<never> {
  const problems = problemsOf(error)
  // A failed repair has nothing to go back to: what is enforced stays what it is, and the next commit tries again.
  if (previous?.id === target.id) throw new ClawgressError(problems, { cause: error })
  try {
    if (previous !== undefined) {
      await applyGeneration(layout, previous, interfaces, { afterInterruption: true })
      await prove(layout, previous)
      switchCurrent(layout, previous)
    } else if (wasPoliced) {
      await loadClosed(target.plan)
      await forget(layout)
    } else await removeEnforcement(layout)
    clearIntent(layout)
  } catch (second) {
    const message =
      'The generation before could not be put back either; commit again. Until then only what both allow gets out.'
    throw new ClawgressError([...problems, { code: 'apply.rollback', message }, ...problemsOf(second)], {
      cause: error,
    })
  }
  throw new ClawgressError(problems, { cause: error })
}
