import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Problem } from '../base/errors.ts'
import { ClawgressError } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'

/** Same bound as the parser's: nothing larger is even read. */
const MAX_BYTES = 256 * 1024 * 1024

const CONFIG_PATH = 'service clawgress policy-file'

/** Path on this machine of a policy file as the operator typed it (`/config/policy.json`). */
export const policyFilePath = (layout: Layout, typed: string): string => join(layout.root, typed)

/**
 * Reads the policy file after checking that nobody but its owner can have changed it and that it lies where VyOS
 * backs it up. Throws ClawgressError `policy.file`.
 */
export function readPolicyFile(layout: Layout, typed: string): Buffer {
  const refuse = (message: string): never => {
    const problem: Problem = { code: 'policy.file', message, path: CONFIG_PATH, file: typed }
    throw new ClawgressError(problem)
  }
  const path = policyFilePath(layout, typed)
  let fd: number
  try {
    const inside = relative(realpathSync(layout.config), realpathSync(path))
    if (inside.startsWith('..') || inside === '')
      refuse('The policy file must lie below /config, also where symbolic links lead; move it there.')
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    if (code === 'ENOENT') return refuse('The policy file does not exist; put it there or name another one.')
    return refuse(`The policy file cannot be opened (${code}); check the permissions of the file and its folders.`)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) refuse('The policy file is not a regular file.')
    if ((stat.mode & 0o002) !== 0) refuse('The policy file is writable by everyone; run chmod o-w on it.')
    if (stat.size > MAX_BYTES) refuse(`The policy file has ${stat.size} bytes; at most ${MAX_BYTES} are accepted.`)
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
