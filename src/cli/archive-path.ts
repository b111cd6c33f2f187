import { existsSync } from 'node:fs'
import { fail } from '../base/errors.ts'
import { type Layout, operatorPath } from '../base/layout.ts'
import { policyFileTarget } from '../conf_mode/policy/policy-file.ts'

/** How a command names its archive. */
export interface ArchiveOptions {
  /** For operational mode, where the command runs as root for others: an archive below /config, and no other file. */
  readonly belowConfig?: boolean
}

const ARCHIVE = /^\/config(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+\.tar\.gz$/

/** Path of an archive that is read. Throws ClawgressError. */
export function archiveToRead(layout: Layout, typed: string, { belowConfig = false }: ArchiveOptions): string {
  return belowConfig ? below(layout, typed) : operatorPath(layout, typed)
}

/** Path of an archive that is written. Throws ClawgressError. */
export function archiveToWrite(layout: Layout, typed: string, { belowConfig = false }: ArchiveOptions): string {
  if (!belowConfig) return operatorPath(layout, typed)
  const target = below(layout, typed)
  if (existsSync(target)) fail('archive.file', 'The file exists already; name another one.', { file: typed })
  return target
}

function below(layout: Layout, typed: string): string {
  if (!ARCHIVE.test(typed))
    fail('archive.file', 'An archive must lie below /config; name it as /config/name.tar.gz.', { file: typed })
  return policyFileTarget(layout, typed)
}
