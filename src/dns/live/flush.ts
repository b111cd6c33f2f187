import type { Layout } from '../../base/layout.ts'
import { withRndc } from './rndc.ts'

/** Names up to which each is flushed by itself; beyond, the whole view's cache is cheaper. */
const MOST_NAMES = 1_000

/**
 * Takes names (`x.test`, or `*.x.test` for all below `x.test` and itself) out of a view's cache, or all of it, so that
 * the next question goes through the pinner again. Throws `system.unreachable` or `apply.service`.
 */
export async function flushNames(layout: Layout, view: string, names: readonly string[] | 'all'): Promise<void> {
  if (names.length === 0) return
  await withRndc(layout, async (rndc) => {
    if (names === 'all' || names.length > MOST_NAMES) {
      await rndc.command(['flush', view])
      return
    }
    for (const name of names) {
      const wildcard = name.startsWith('*.')
      await rndc.command(wildcard ? ['flushtree', name.slice(2), view] : ['flushname', name, view])
    }
  })
}
