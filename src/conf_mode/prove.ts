import { fail } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { awaitCanaries, readState } from '../dns/index.ts'
import { liveRuleset } from '../firewall/index.ts'
import { PinnerClient } from '../pinner/control-client.ts'
import { services } from '../services/index.ts'
import type { Generation } from './generation.ts'

/**
 * Proves that the generation is what is enforced: canaries in every view, an unlisted name refused, the kernel's
 * ruleset whole and of this generation, the pinner judging by it alone, every service up. Throws `apply.proof`.
 */
export async function prove(layout: Layout, generation: Generation, timeout?: number): Promise<void> {
  const { id } = generation
  const deadline = timeout === undefined ? undefined : performance.now() + timeout
  const live = liveRuleset()
  if (!live.present || !live.intact || live.generation !== id)
    fail('apply.proof', 'The kernel does not hold the new ruleset; another program may have changed it.')
  const status = await new PinnerClient(runtimePaths(layout).pinnerSocket).status()
  if (status.generation !== id || status.stagedGeneration !== undefined || !status.ready)
    fail('apply.proof', 'The pinner does not judge by the new policy; its log says why.')
  await awaitCanaries(readState(layout, id), deadline)
  const down = (await services(layout).status()).filter(({ state }) => state !== 'running')
  if (down.length > 0)
    fail(
      'apply.proof',
      `${down.map(({ name, lastWords }) => `${name} does not run${lastWords === undefined ? '' : ` (${lastWords})`}`).join('; ')}.`,
    )
}

/** Is the generation live and proven right now? */
export async function provenLive(layout: Layout, generation: Generation): Promise<boolean> {
  try {
    await prove(layout, generation, 500)
    return true
  } catch {
    // Whatever is missing, the repair that follows reports what it cannot mend.
    return false
  }
}
