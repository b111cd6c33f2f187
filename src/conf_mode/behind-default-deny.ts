import { ClawgressError } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { liveRuleset } from '../firewall/index.ts'
import type { ConfigDict, ConfigValue } from '../vyos/index.ts'
import { problemsOf } from './failure.ts'
import { savedClientInterfaces } from './session/saved-configuration.ts'
import { loadClosed } from './system/kernel.ts'

const DEFAULTS = { markMask: 0xfff00000, denyAction: 'reject' } as const

/**
 * Carries a commit out so that its failure leaves no router open that is meant to be a gateway. Where nothing of ours is
 * in force, as on a machine that boots with a restored configuration, the client interfaces that the saved configuration
 * names, too, are closed first. A configuration that somebody just types names none there: it changes nothing when it
 * fails. The caller holds the lock.
 */
export async function behindDefaultDeny<T>(layout: Layout, proposed: ConfigDict, work: () => Promise<T>): Promise<T> {
  if (!liveRuleset().present) {
    const saved = new Set(savedClientInterfaces(layout))
    const clientInterfaces = clientInterfacesOf(proposed).filter((name) => saved.has(name))
    if (clientInterfaces.length > 0) await loadClosed({ settings: { ...DEFAULTS, clientInterfaces } })
  }
  try {
    return await work()
  } catch (error) {
    if (!liveRuleset().closed) throw error
    const message =
      'No policy is live, so clients are denied everything until a commit succeeds; to leave them unpoliced, set service clawgress disable and commit.'
    throw new ClawgressError([...problemsOf(error), { code: 'apply.closed', message }], { cause: error })
  }
}

function clientInterfacesOf({ client }: ConfigDict): readonly string[] {
  const value = isDict(client) ? client.interface : undefined
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? (value as string[]) : []
}

const isDict = (value: ConfigValue | undefined): value is ConfigDict =>
  typeof value === 'object' && !Array.isArray(value)
