import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder that holds `templates/`, `interface-definitions/` and `op-mode/`: the checkout, or the installed package. */
export function assetsRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'interface-definitions'))) return folder
    if (folder === dirname(folder)) throw new Error('the installation is incomplete: interface-definitions/ is missing')
  }
}

/** Text of a shipped file, named by its path below the assets' folder. */
export const readAsset = (path: string): string => readFileSync(join(assetsRoot(), path), 'utf8')
