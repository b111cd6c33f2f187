import { rmSync } from 'node:fs'
import type { Layout } from '../base/layout.ts'
import { settleAll } from '../base/settle.ts'
import { prepareNamed, pruneNamedGenerations } from '../dns/index.ts'
import { prepareFolders } from '../services/index.ts'
import { type Applied, type ApplyOptions, applyGeneration } from './apply.ts'
import { checkpoint } from './checkpoint.ts'
import { recorded } from './commit-record.ts'
import {
  clearIntent,
  currentGeneration,
  dropOldGenerations,
  type Generation,
  type GenerationSource,
  readIntent,
  switchCurrent,
  writeGeneration,
  writeIntent,
  writeSource,
} from './generation.ts'
import { goBack, standsBefore } from './go-back.ts'
import type { HandlerInput } from './handler-input.ts'
import { type Difference, differenceOf } from './policy/difference.ts'
import type { HistoryEntry } from './policy/history.ts'
import type { PolicySources } from './policy/policy-sources.ts'
import { remember } from './policy/remember.ts'
import { storedPolicy } from './policy/stored-policy.ts'
import { prove, provenLive } from './prove.ts'
import { noteDisabled } from './remove.ts'
import { withCertificate } from './settings/own-certificate.ts'
import { checkPlanRuleset } from './system/kernel.ts'
import { requirePrograms } from './system/required-programs.ts'
import type { NetworkInterface } from './system/system-facts.ts'
import type { Verified } from './verify.ts'

/** What an activation did. */
export interface Activation {
  /** False: the generation was live and proven already. */
  readonly changed: boolean
  readonly generation: string
  readonly difference: Difference
  readonly applied?: Applied
  readonly milliseconds: number
}

/**
 * Makes the router enforce what was verified, and proves it; or puts back what was enforced before, proves that, and
 * throws ClawgressError. Converges from whatever a killed predecessor left. The caller holds the lock; `tell` hears the
 * difference before anything changes.
 */
export function activate(
  layout: Layout,
  verified: Verified,
  input: HandlerInput,
  user: string,
  tell: (difference: Difference) => void = () => {},
): Promise<Activation> {
  return recorded(layout, verified, user, async () => {
    const started = performance.now()
    const since = () => Math.round(performance.now() - started)
    const { plan, policy, sources, api, alerts } = verified
    prepareFolders(layout)
    requirePrograms()
    const why = verified.why === undefined ? undefined : await withCertificate(layout, verified.why)
    const source = { policy, sources, input, api, why, alerts }
    const previous = currentGeneration(layout)
    const afterInterruption = readIntent(layout) !== undefined
    const difference = differenceFrom(previous, verified)
    tell(difference)
    if (!afterInterruption && previous?.id === plan.generation && (await provenLive(layout, previous))) {
      writeSource(previous.folder, source)
      return { changed: false, generation: plan.generation, difference, milliseconds: since() }
    }

    const target = await prepare(layout, verified, source, previous)
    const before = standsBefore(previous)
    writeIntent(layout, target.id)
    const { interfaces } = verified.facts
    const applied = await apply(layout, target, interfaces, { afterInterruption }, () => {
      writeSource(target.folder, source)
      return remember(layout, target, { user, summary: difference.summary, ...named(sources) })
    }).catch((error: unknown) => goBack(layout, target, before, interfaces, error))
    clearIntent(layout)
    noteDisabled(layout, false)
    dropOldGenerations(layout, [target])
    pruneNamedGenerations(layout, previous === undefined ? [target.id] : [target.id, previous.id])
    return { changed: true, generation: target.id, difference, applied, milliseconds: since() }
  })
}

/**
 * Everything generated aside and checked by the programs that will read it; nothing that is live is touched, and
 * nothing stays where a check fails.
 */
async function prepare(
  layout: Layout,
  { plan, facts }: Verified,
  source: GenerationSource,
  previous: Generation | undefined,
): Promise<Generation> {
  const target = writeGeneration(layout, plan, source)
  try {
    checkpoint('generated')
    await settleAll([
      // First, so that nft is at work while the zones are decided.
      checkPlanRuleset(plan, facts.interfaces),
      prepareNamed(plan, layout, previous === undefined ? {} : { previous: previous.id }),
    ])
    checkpoint('checked')
  } catch (error) {
    if (target.id !== previous?.id) rmSync(target.folder, { recursive: true, force: true })
    throw error
  }
  return target
}

/** Applied, proven, written down, and then the current one. A failure before the last of these leaves no entry behind. */
async function apply(
  layout: Layout,
  target: Generation,
  interfaces: readonly NetworkInterface[],
  options: ApplyOptions,
  writeDown: () => () => void,
): Promise<Applied> {
  checkpoint('intended')
  const applied = await applyGeneration(layout, target, interfaces, options)
  await prove(layout, target)
  checkpoint('proven')
  const takeBack = writeDown()
  try {
    switchCurrent(layout, target)
    checkpoint('switched')
  } catch (error) {
    takeBack()
    throw error
  }
  return applied
}

/** The sources as the history names them. */
const named = ({ file, nodes }: PolicySources): Pick<HistoryEntry, 'policyFile' | 'config'> => ({
  ...(file === undefined ? {} : { policyFile: file.path }),
  ...(nodes === undefined ? {} : { config: true }),
})

/** How what was verified differs from what is live. */
export function differenceFrom(previous: Generation | undefined, next: Verified): Difference {
  return differenceOf(previous === undefined ? undefined : storedPolicy(previous.folder, previous.plan), next.policy)
}
