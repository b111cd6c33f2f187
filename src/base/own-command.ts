import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { assetsRoot } from './assets.ts'

/**
 * Argument vector that runs `clawgress …` with this very program, so that every process of a gateway is of one version:
 * the bundle under this Node, or the sources when the program runs from them.
 */
export function ownCommand(...args: string[]): string[] {
  const self = fileURLToPath(import.meta.url)
  if (!self.endsWith('.ts')) return [process.execPath, self, ...args]
  const tsx = pathToFileURL(createRequire(self).resolve('tsx')).href
  return [process.execPath, '--import', tsx, join(assetsRoot(), 'src/cli/main.ts'), ...args]
}
