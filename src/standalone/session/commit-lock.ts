import { closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { tryExclusive } from '../../services/index.ts'

/**
 * Takes the lock on commits for this process: the kernel's, which ends with its holder, however that ends.
 * @returns a function that gives it back, or undefined where another commit is in progress
 */
export function takeLock(file: string): (() => void) | undefined {
  mkdirSync(dirname(file), { recursive: true })
  const fd = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  let isTaken = false
  try {
    isTaken = tryExclusive(fd)
  } finally {
    if (!isTaken) closeSync(fd)
  }
  return isTaken ? () => closeSync(fd) : undefined
}
