import { closeSync, constants, existsSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { MAX_POLICY_BYTES } from '../../policy/index.ts'

const WRITABLE_BY_EVERYONE = 0o002

/** Path on this machine of a policy file as the operator typed it (`/config/policy.json`). */
export const policyFilePath = (layout: Layout, typed: string): string => join(layout.root, typed)

function refuse(typed: string, message: string): never {
  return fail('policy.file', message, { path: 'service clawgress policy-file', file: typed })
}

/**
 * Where the policy file really lies, links followed; it need not exist. It lies below /config, where VyOS backs it up,
 * and not in a folder where everyone can replace it. Throws ClawgressError `policy.file`.
 */
export function policyFileTarget(layout: Layout, typed: string): string {
  const path = policyFilePath(layout, typed)
  let target: string
  try {
    target = existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path))
  } catch (error) {
    return refuseOpening(typed, error)
  }
  const top = realpathSync(layout.config)
  const inside = relative(top, target)
  if (inside.startsWith('..') || inside === '')
    refuse(typed, 'The policy file must lie below /config, also where symbolic links lead; move it there.')
  for (let folder = dirname(target); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & WRITABLE_BY_EVERYONE) !== 0)
      refuse(typed, `Everyone can replace files in ${folder}; run chmod o-w on it.`)
    if (folder === top) return target
  }
}

/** Reads the policy file, which nobody outside its owner and group may write. Throws ClawgressError `policy.file`. */
export function readPolicyFile(layout: Layout, typed: string): Buffer {
  const target = policyFileTarget(layout, typed)
  let fd: number
  try {
    // What was resolved is what is opened: a link that is put in its place meanwhile is not followed.
    fd = openSync(target, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (error) {
    return refuseOpening(typed, error)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) refuse(typed, 'The policy file is not a regular file.')
    if ((stat.mode & WRITABLE_BY_EVERYONE) !== 0)
      refuse(typed, 'The policy file is writable by everyone; run chmod o-w on it.')
    if (stat.size > MAX_POLICY_BYTES)
      refuse(typed, `The policy file has ${stat.size} bytes; at most ${MAX_POLICY_BYTES} are accepted.`)
    const bytes = Buffer.allocUnsafe(stat.size)
    let length = 0
    while (length < bytes.length) {
      const got = readSync(fd, bytes, length, bytes.length - length, length)
      if (got === 0) break
      length += got
    }
    return bytes.subarray(0, length)
  } finally {
    closeSync(fd)
  }
}

function refuseOpening(typed: string, error: unknown): never {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  if (code === 'ENOENT') return refuse(typed, 'The policy file does not exist; put it there or name another one.')
  return refuse(typed, `The policy file cannot be opened (${code}); check the permissions of the file and its folders.`)
}
