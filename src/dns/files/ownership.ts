import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { systemUser, type UserIds } from '../../base/system-users.ts'
import { namedPaths } from '../paths.ts'

/** User and group that named runs as. */
export interface BindIds extends UserIds {
  /** Group of the daemon, which reads named's denials: `clawgress`, or bind's own where that does not exist. */
  readonly readers: number
}

/** Numeric ids of `bind`. Throws `system.missing-program` where bind9 is not installed. */
export function bindIds(passwdFile?: string): BindIds {
  const bind = systemUser('bind', passwdFile)
  if (bind === undefined) return fail('system.missing-program', 'There is no user "bind"; install the package bind9.')
  return { ...bind, readers: systemUser('clawgress', passwdFile)?.gid ?? bind.gid }
}

/** Reading for bind, writing for root alone. */
export function ownFile(path: string, ids: BindIds): void {
  chownSync(path, 0, ids.gid)
  chmodSync(path, 0o640)
}

/** Makes a folder that root owns and bind may enter. */
export function makeFolder(path: string, ids: BindIds, mode = 0o750): void {
  mkdirSync(path, { recursive: true })
  chownSync(path, 0, ids.gid)
  chmodSync(path, mode)
}

/** Makes the folders of our named and, once, its control key. */
export function ensureFolders(layout: Layout, ids: BindIds): void {
  const paths = namedPaths(layout)
  // The daemon goes through here to the denials, and may read nothing else. Never less, not even for a moment: it runs.
  makeFolder(layout.named, ids, 0o751)
  for (const folder of [paths.zones, paths.generations]) makeFolder(folder, ids)
  makeFolder(paths.work, ids, 0o770)
  mkdirSync(paths.log, { recursive: true })
  chownSync(paths.log, ids.uid, ids.readers)
  chmodSync(paths.log, 0o2750)
  if (existsSync(paths.key)) return
  const secret = randomBytes(32).toString('base64')
  const aside = `${paths.key}.new`
  writeFileSync(aside, `key "clawgress" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`, { mode: 0o600 })
  ownFile(aside, ids)
  renameSync(aside, paths.key)
}
