import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { withLock } from '../../services/index.ts'
import { type ConfigTree, configDict, loadDefinitions } from '../../vyos/index.ts'
import { inSentences } from '../failure.ts'
import { enforce, LOCK_WAIT_MS } from '../handler.ts'
import { SECTION } from './members.ts'
import { isUnsettled } from './restore-journal.ts'
import { pkiOf } from './running-pki.ts'

/**
 * Settles a restore that was cut off, as the next commit would: its files stay or go with its configuration, and what
 * that says is enforced. Called by the guard. `running` tells everything that is in force. Does nothing where there is
 * nothing to settle. Throws ClawgressError: also where there is no `service clawgress`, since that of a machine that
 * boots may only not be loaded yet.
 */
export async function settleByRunning(
  layout: Layout,
  running: () => Promise<ConfigTree>,
  tell: (text: string) => void,
): Promise<void> {
  const settle = async () => {
    // A commit or import that came first has settled it.
    if (!isUnsettled(layout)) return
    const tree = await running()
    const config = configDict(tree, loadDefinitions(), SECTION)
    if (config === undefined)
      fail('config.missing', 'service clawgress is not configured; commit it, or restore the backup again.')
    const input = { proposed: config, effective: config, pki: pkiOf(tree), dry_run: false }
    const { settled, said } = await enforce(input, layout)
    for (const line of [...settled, said]) tell(line)
  }
  await withLock(layout, LOCK_WAIT_MS, () => inSentences(settle), 'settling a restore that was cut off')
}
