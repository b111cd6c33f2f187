import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { namedPaths } from '../paths.ts'

/** User and group that named runs as. */
export interface BindIds {
  readonly uid: number
  readonly gid: number
}

/** Numeric ids of `bind`. Throws `system.missing-program` where bind9 is not installed. */
export function bindIds(passwdFile = '/etc/passwd'): BindIds {
  const line = readFileSync(passwdFile, 'utf8')
    .split('\n')
    .find((text) => text.startsWith('bind:'))
  const [, , uid, gid] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined)
    return fail('system.missing-program', 'There is no user "bind"; install the package bind9.')
  return { uid: Number(uid), gid: Number(gid) }
}

/** Reading for bind, writing for root alone. */
export function ownFile(path: string, ids: BindIds): void {
  chownSync(path, 0, ids.gid)
  chmodSync(path, 0o640)
}

/** Makes a folder that root owns and bind may enter. */
export function makeFolder(path: string, ids: BindIds): void {
  mkdirSync(path, { recursive: true })
  chownSync(path, 0, ids.gid)
  chmodSync(path, 0o750)
}

/** Makes the folders of our named and, once, its control key. */
export function ensureFolders(layout: Layout, ids: BindIds): void {
  const paths = namedPaths(layout)
  for (const folder of [layout.named, paths.zones, paths.generations]) makeFolder(folder, ids)
  for (const folder of [paths.work, paths.log]) {
    makeFolder(folder, ids)
    chmodSync(folder, 0o770)
  }
  if (existsSync(paths.key)) return
  const secret = randomBytes(32).toString('base64')
  writeFileSync(paths.key, '', { mode: 0o600 })
  ownFile(paths.key, ids)
  writeFileSync(paths.key, `key "clawgress" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`)
}
