import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClawgressError, type Problem } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { prepareNamed, pruneNamedGenerations } from '../dns/index.ts'
import { printClosedRuleset } from '../firewall/index.ts'
import { parsePolicy } from '../policy/index.ts'
import { prepareFolders } from '../services/index.ts'
import { type Applied, applyGeneration } from './apply.ts'
import { checkpoint } from './checkpoint.ts'
import { type Difference, differenceOf } from './difference.ts'
import {
  clearIntent,
  currentGeneration,
  dropOldGenerations,
  type Generation,
  readIntent,
  switchCurrent,
  writeGeneration,
  writeIntent,
} from './generation.ts'
import { appendHistory, readHistory } from './history.ts'
import { checkPlanRuleset } from './kernel.ts'
import { prove, provenLive } from './prove.ts'
import { removeEnforcement } from './remove.ts'
import { requirePrograms } from './required-programs.ts'
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
export async function activate(
  layout: Layout,
  verified: Verified,
  user: string,
  tell: (difference: Difference) => void = () => {},
): Promise<Activation> {
  const started = performance.now()
  const since = () => Math.round(performance.now() - started)
  const { plan } = verified
  prepareFolders(layout)
  requirePrograms()
  const previous = currentGeneration(layout)
  const interrupted = readIntent(layout) !== undefined
  const difference = differenceFrom(previous, verified)
  tell(difference)
  if (!interrupted && previous?.id === plan.generation && (await provenLive(layout, previous)))
    return { changed: false, generation: plan.generation, difference, milliseconds: since() }

  const target = await prepare(layout, verified, previous)
  writeIntent(layout, target.id)
  checkpoint('intended')
  const applied = await applyOrGoBack(layout, target, previous, verified)
  checkpoint('proven')
  remember(layout, verified, target, difference.summary, user)
  switchCurrent(layout, target)
  checkpoint('switched')
  clearIntent(layout)
  dropOldGenerations(layout, [target])
  pruneNamedGenerations(layout, previous === undefined ? [target.id] : [target.id, previous.id])
  return { changed: true, generation: target.id, difference, applied, milliseconds: since() }
}

/** Everything generated aside and checked by the programs that will read it; nothing that is live is touched. */
async function prepare(layout: Layout, verified: Verified, previous: Generation | undefined): Promise<Generation> {
  const { plan } = verified
  const target = writeGeneration(layout, plan, { policy: verified.policyBytes, policyFile: verified.policyFile })
  checkpoint('generated')
  await Promise.all([
    prepareNamed(plan, layout, previous === undefined ? {} : { previous: previous.id }),
    checkPlanRuleset(plan, verified.facts.interfaces),
  ])
  checkpoint('checked')
  return target
}

async function applyOrGoBack(
  layout: Layout,
  target: Generation,
  previous: Generation | undefined,
  { facts }: Verified,
): Promise<Applied> {
  try {
    const applied = await applyGeneration(layout, target, facts.interfaces)
    await prove(layout, target)
    return applied
  } catch (error) {
    const problems = problemsOf(error)
    if (previous?.id === target.id) {
      // There is nothing to go back to: what is enforced stays what it is, and the next commit tries again.
      throw new ClawgressError(problems, { cause: error })
    }
    try {
      if (previous === undefined) await removeEnforcement(layout)
      else {
        await applyGeneration(layout, previous, facts.interfaces)
        await prove(layout, previous)
      }
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
}

function remember(
  layout: Layout,
  { policyFile, plan }: Verified,
  target: Generation,
  summary: string,
  user: string,
): void {
  mkdirSync(layout.state, { recursive: true, mode: 0o755 })
  const closed = runtimePaths(layout).closedRuleset
  writeFileSync(`${closed}.new`, printClosedRuleset(plan.settings), { mode: 0o640 })
  renameSync(`${closed}.new`, closed)
  if (readHistory(layout).at(-1)?.generation === target.id) return
  const entry = { generation: target.id, time: new Date().toISOString(), user, policyFile, summary }
  appendHistory(layout, entry, join(target.folder, 'policy.json'))
}

function differenceFrom(previous: Generation | undefined, next: Verified): Difference {
  const file = previous === undefined ? undefined : join(previous.folder, 'policy.json')
  const old = file !== undefined && existsSync(file) ? parsePolicy(readFileSync(file)).policy : undefined
  return differenceOf(old, next.policy)
}

/** As sentences; a full disk is told as such, wherever it was met. */
export function problemsOf(error: unknown): Problem[] {
  if (error instanceof ClawgressError) return [...error.problems]
  const { code, path, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return [
      {
        code: 'apply.disk-full',
        message: `No space is left for ${path ?? 'a generated file'}; free some and commit again.`,
      },
    ]
  return [{ code: 'internal.bug', message: `Something went wrong that must not: ${message ?? String(error)}.` }]
}
