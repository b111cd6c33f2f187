import { userInfo } from 'node:os'
import { formatProblem } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { withLock } from '../services/index.ts'
import type { ConfigDict } from '../vyos/index.ts'
import { type Activation, activate } from './activate.ts'
import { noteCommitted, settleCutOffRestore } from './backup/restore-journal.ts'
import { behindDefaultDeny } from './behind-default-deny.ts'
import { inSentences } from './failure.ts'
import type { HandlerInput } from './handler-input.ts'
import { removeEverything } from './remove.ts'
import { refuseLeftOut, refuseNewerConfiguration } from './session/saved-configuration.ts'
import { type Verified, verify } from './verify.ts'

/** How long a change waits for another one to finish, milliseconds. */
export const LOCK_WAIT_MS = 30_000

/**
 * The conf-mode handler of `service clawgress`: verifies, and makes the router enforce what the configuration says,
 * or leaves everything as it was. Returns what to tell the operator; throws ClawgressError.
 */
export const handle = (input: HandlerInput, layout: Layout): Promise<string> =>
  inSentences(() => carryOut(input, layout))

async function carryOut(input: HandlerInput, layout: Layout): Promise<string> {
  if (!input.dry_run) {
    const { settled, warnings, said } = await withLock(layout, LOCK_WAIT_MS, () => enforce(input, layout), 'commit')
    return [...settled, ...warnings, said].join('\n')
  }
  const wanted = toBeEnforced(input)
  if (wanted === undefined) return ''
  if (!isCommitting()) return warningsOf(await check(input, wanted, layout)).join('\n')
  const tryOut = async () => {
    settleCutOffRestore(layout, input)
    await check(input, wanted, layout)
  }
  await withLock(layout, LOCK_WAIT_MS, () => behindDefaultDeny(layout, wanted, tryOut), 'commit')
  // The warnings come when it is applied.
  return ''
}

export interface Enforced {
  /** What became of a restore that was cut off. */
  readonly settled: readonly string[]
  readonly warnings: readonly string[]
  /** What is live now. */
  readonly said: string
}

/**
 * Settles a restore that was cut off, and makes the router enforce what the configuration says, or nothing where that is
 * deleted or disabled. The caller holds the lock. Throws ClawgressError.
 */
export async function enforce(input: HandlerInput, layout: Layout): Promise<Enforced> {
  const wanted = toBeEnforced(input)
  if (wanted === undefined) {
    const settled = settleCutOffRestore(layout, input)
    const said = await removeEverything(layout, operator(), input.proposed === null ? 'deleted' : 'disabled')
    noteCommitted(layout)
    return { settled, warnings: [], said }
  }
  return behindDefaultDeny(layout, wanted, async () => {
    // While the files are as they are: what is refused leaves its restore to be settled by what is not.
    refuseUnfit(wanted, layout)
    const settled = settleCutOffRestore(layout, input)
    const verified = await verify(input, layout)
    const activation = await activate(layout, verified, input, operator())
    noteCommitted(layout)
    return { settled, warnings: warningsOf(verified), said: describe(activation, verified) }
  })
}

const toBeEnforced = ({ proposed }: HandlerInput): ConfigDict | undefined =>
  proposed === null || proposed.disable !== undefined ? undefined : proposed

async function check(input: HandlerInput, wanted: ConfigDict, layout: Layout): Promise<Verified> {
  refuseUnfit(wanted, layout)
  return verify(input, layout)
}

function refuseUnfit(wanted: ConfigDict, layout: Layout): void {
  refuseNewerConfiguration(layout)
  refuseLeftOut(wanted)
}

/** VyOS's classic back end verifies in the course of a commit, and tells us its session; what only tries has none. */
const isCommitting = (): boolean => process.env.VYATTA_CHANGES_ONLY_DIR !== undefined

/** Who asked for the change: sudo's caller, else ourselves. */
export const operator = (): string => process.env.SUDO_USER ?? userInfo().username

export const warningsOf = ({ warnings }: Pick<Verified, 'warnings'>): string[] =>
  warnings.map((warning) => `Warning: ${formatProblem(warning)}`)

/** Two lines: what is live, and what the change did to what was open. */
export function describe(activation: Activation, { plan }: Verified): string {
  const { generation, milliseconds, applied } = activation
  const prefixes = plan.groups.reduce((sum, { statics }) => sum + statics.length, 0)
  const reach = `${count(plan.names.allowCount, 'name')}, ${count(prefixes, 'prefix', 'prefixes')}`
  if (!activation.changed) return `Generation ${generation} is live already: ${reach}.`
  const reset = applied?.flowsReset ?? 0
  const flows =
    reset === 0
      ? ''
      : ` ${count(reset, 'open connection')} no longer allowed, reset in ${Math.round(applied!.resetMs)} ms.`
  return `Generation ${generation} is live and proven in ${milliseconds} ms: ${reach}.${flows}`
}

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`
