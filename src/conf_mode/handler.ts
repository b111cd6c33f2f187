import { userInfo } from 'node:os'
import { formatProblem } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { withLock } from '../services/index.ts'
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
  const { proposed } = input
  const isLocked = !input.dry_run || isCommitting()
  if (proposed === null || proposed.disable !== undefined) {
    const remove = async () => {
      const settled = settleCutOffRestore(layout, input)
      const said = await removeEverything(layout, operator(), proposed === null ? 'deleted' : 'disabled')
      noteCommitted(layout)
      return [...settled, said].join('\n')
    }
    return input.dry_run ? '' : withLock(layout, LOCK_WAIT_MS, remove, 'commit')
  }
  const carry = async () => {
    const settled = isLocked ? settleCutOffRestore(layout, input) : []
    refuseNewerConfiguration(layout)
    refuseLeftOut(proposed)
    const verified = await verify(input, layout)
    // The same warnings come again when it is applied.
    if (input.dry_run) return isCommitting() ? '' : warningsOf(verified).join('\n')
    const activation = await activate(layout, verified, input, operator())
    noteCommitted(layout)
    return [...settled, ...warningsOf(verified), describe(activation, verified)].join('\n')
  }
  if (!isLocked) return carry()
  return withLock(layout, LOCK_WAIT_MS, () => behindDefaultDeny(layout, proposed, carry), 'commit')
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
