import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { replaceWhole } from '../../base/atomic-file.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { printClosedRuleset } from '../../firewall/index.ts'
import type { Generation } from '../generation.ts'
import { appendHistory, type HistoryEntry, readHistory } from './history.ts'

/**
 * Writes down what outlives a reboot: the default deny that is loaded at boot, and an entry of the history, unless its
 * newest entry is of this generation already (a killed commit came that far). Returns how to undo it.
 */
export function remember(
  layout: Layout,
  target: Generation,
  about: Pick<HistoryEntry, 'user' | 'policyFile' | 'config' | 'summary'>,
): () => void {
  mkdirSync(layout.state, { recursive: true, mode: 0o755 })
  const { closedRuleset } = runtimePaths(layout)
  const before = existsSync(closedRuleset) ? readFileSync(closedRuleset, 'utf8') : undefined
  replaceWhole(closedRuleset, printClosedRuleset(target.plan.settings), 0o640)
  const putBack = () => (before === undefined ? rmSync(closedRuleset) : replaceWhole(closedRuleset, before, 0o640))
  try {
    if (readHistory(layout).at(-1)?.generation === target.id) return putBack
    const time = new Date().toISOString()
    const { folder } = appendHistory(layout, { generation: target.id, time, ...about }, target.folder)
    return () => {
      rmSync(folder, { recursive: true, force: true })
      putBack()
    }
  } catch (error) {
    putBack()
    throw error
  }
}
