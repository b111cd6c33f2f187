import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { assetsRoot } from './assets.ts'

/** How Node runs this very program: the bundle, or the sources when the program runs from them. */
export interface OwnProgram {
  readonly node: string
  /** Options of Node. */
  readonly options: readonly string[]
  readonly script: string
}

export function ownProgram(): OwnProgram {
  const node = process.execPath
  const self = fileURLToPath(import.meta.url)
  if (!self.endsWith('.ts')) return { node, options: [], script: bundleEntry(self) }
  const tsx = pathToFileURL(createRequire(self).resolve('tsx')).href
  return { node, options: ['--import', tsx], script: join(assetsRoot(), 'src/cli/main.ts') }
}

/** The bundle's first part, beside or above the part that this code came to lie in. */
function bundleEntry(part: string): string {
  const [beside, above] = [dirname(part), dirname(dirname(part))].map((folder) => join(folder, 'clawgress.mjs'))
  return existsSync(beside!) ? beside! : above!
}

/**
 * Argument vector that runs `clawgress …` with this very program, so that every process of a gateway is of one version.
 */
export function ownCommand(...args: string[]): string[] {
  const { node, options, script } = ownProgram()
  return [node, ...options, script, ...args]
}
