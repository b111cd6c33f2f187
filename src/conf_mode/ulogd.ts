import { existsSync, readFileSync } from 'node:fs'
import { replaceWhole } from '../base/atomic-file.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { printUlogdConf } from '../services/index.ts'

/** Writes ulogd2's configuration where it differs. Returns whether it did. */
export function writeUlogdConf(layout: Layout): boolean {
  const file = runtimePaths(layout).ulogdConfiguration
  const text = printUlogdConf(layout)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false
  replaceWhole(file, text, 0o644)
  return true
}
