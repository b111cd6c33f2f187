import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Layout } from '../../base/layout.ts'
import { historyFolder } from '../../services/index.ts'
import { copySources } from './policy-sources.ts'

/** One activation, newest last. */
export interface HistoryEntry {
  /** Rises by one with every activation. */
  readonly number: number
  readonly generation: string
  /** ISO 8601, UTC. */
  readonly time: string
  readonly user: string
  /** The policy file as the operator named it; absent where there was none. */
  readonly policyFile?: string
  /** The configuration held policy nodes. */
  readonly config?: true
  /** How the policy differs from the one before, in a line. */
  readonly summary: string
  /** Folder that holds the policy itself. */
  readonly folder: string
}

const KEEP = 100

/** All activations that are kept, oldest first. A folder that was being written when the power failed is passed over. */
export function readHistory(layout: Layout): HistoryEntry[] {
  const folder = historyFolder(layout)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^\d+-[0-9a-f]{16}$/.test(name))
    .flatMap((name) => {
      const meta = readMeta(join(folder, name, 'meta.json'))
      return meta === undefined ? [] : { ...meta, number: Number(name.split('-')[0]), folder: join(folder, name) }
    })
    .sort((a, b) => a.number - b.number)
}

function readMeta(file: string): Omit<HistoryEntry, 'number' | 'folder'> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // It never came to the disk. What history lacks must not keep the next commit from succeeding.
    return undefined
  }
}

/**
 * Adds an activation; written aside and renamed, so an entry is there whole or not at all. The oldest are dropped, and
 * what a killed commit or a power failure left.
 */
export function appendHistory(
  layout: Layout,
  entry: Omit<HistoryEntry, 'number' | 'folder'>,
  generationFolder: string,
): HistoryEntry {
  const entries = readHistory(layout)
  const number = (entries.at(-1)?.number ?? 0) + 1
  const folder = join(historyFolder(layout), `${number}-${entry.generation}`)
  const aside = `${folder}.new`
  for (const left of [aside, folder]) rmSync(left, { recursive: true, force: true })
  mkdirSync(aside, { recursive: true, mode: 0o750 })
  copySources(generationFolder, aside)
  writeFileSync(join(aside, 'meta.json'), `${JSON.stringify(entry, undefined, 2)}\n`, { flush: true })
  renameSync(aside, folder)
  const kept = new Set([folder, ...entries.slice(1 - KEEP).map((each) => each.folder)])
  for (const name of readdirSync(historyFolder(layout)))
    if (!kept.has(join(historyFolder(layout), name)))
      rmSync(join(historyFolder(layout), name), { recursive: true, force: true })
  return { ...entry, number, folder }
}
