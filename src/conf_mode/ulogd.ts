import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Layout } from '../base/layout.ts'
import { printUlogdConf, ulogdConfiguration } from '../services/index.ts'

/** Writes ulogd2's configuration where it differs. Returns whether it did. */
export function writeUlogdConf(layout: Layout): boolean {
  const file = ulogdConfiguration(layout)
  const text = printUlogdConf(layout)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false
  writeFileSync(`${file}.new`, text, { mode: 0o644 })
  renameSync(`${file}.new`, file)
  return true
}
