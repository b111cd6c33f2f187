import { isDeepStrictEqual } from 'node:util'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { nativeWords, type PolicyNodes, readNativePolicy } from '../../policy/index.ts'
import type { HandlerInput } from '../handler-input.ts'
import { type HistoryEntry, readHistory } from './history.ts'
import { readSources, sourcesNamed } from './policy-sources.ts'

/**
 * The policy file of an earlier activation, by its number or identifier in `show clawgress versions`. Throws
 * ClawgressError where there was none.
 */
export function earlierPolicyFile(layout: Layout, wanted: string): Buffer {
  return fileOf(findEntry(layout, wanted), wanted)
}

/**
 * The same for a rollback, which puts a whole policy back: refused where nodes of the configuration were part of it and
 * are others now, because the configuration is the operator's to change, and half of a policy was never checked.
 */
export function rollbackFile(layout: Layout, wanted: string, { proposed }: HandlerInput): Buffer {
  const entry = findEntry(layout, wanted)
  const { nodes } = readSources(entry.folder)
  const current = sourcesNamed(proposed ?? {}).nodes
  if (!sameNodes(nodes, current))
    fail(
      'config.conflict',
      `Generation ${wanted} had other nodes below service clawgress policy than the configuration has now; go back with rollback or load in configuration mode, where policy-file and these nodes change together.`,
      { path: 'service clawgress policy' },
    )
  return fileOf(entry, wanted)
}

function findEntry(layout: Layout, wanted: string): HistoryEntry {
  const entry = readHistory(layout).findLast(
    ({ number, generation }) => String(number) === wanted || generation === wanted,
  )
  return (
    entry ??
    fail('policy.version', `There is no generation ${wanted} in the history; show clawgress versions lists them.`)
  )
}

function fileOf({ folder }: HistoryEntry, wanted: string): Buffer {
  const { file } = readSources(folder)
  return (
    file ??
    fail(
      'policy.file',
      `Generation ${wanted} had no policy file, its policy stood in the configuration; go back with rollback in configuration mode.`,
    )
  )
}

/** To the word: a default that is written out means something else beside a policy file with others. */
const sameNodes = (a: PolicyNodes = {}, b: PolicyNodes = {}): boolean => isDeepStrictEqual(linesOf(a), linesOf(b))

const linesOf = (nodes: PolicyNodes): readonly string[] =>
  nativeWords(readNativePolicy(nodes).policy)
    .map((words) => words.join(' '))
    .sort()
