import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { fail } from '../base/errors.ts'
import { MAX_POLICY_BYTES } from '../policy/index.ts'

const MAX_KEY_FILE = 4096
const MAX_CA_FILE = 4 << 20
const OTHERS = 0o077

/** Opens a policy to be sent. Throws ClawgressError with a sentence. */
export function openForPush(file: string): number {
  return openBounded(file, MAX_POLICY_BYTES)
}

/** The key of a file that its owner alone can read. Throws ClawgressError with a sentence. */
export function readKeyFile(file: string): string {
  const fd = openBounded(file, MAX_KEY_FILE)
  try {
    if ((fstatSync(fd).mode & OTHERS) !== 0)
      fail('config.value', 'Others can read the file with the key; run chmod 600 on it.', { file })
    const key = readFileSync(fd, 'utf8').trim()
    return /^[A-Za-z0-9_-]+$/.test(key) ? key : fail('config.value', 'The file does not hold an API key.', { file })
  } finally {
    closeSync(fd)
  }
}

export function readCaFile(file: string): string {
  const fd = openBounded(file, MAX_CA_FILE)
  try {
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

function openBounded(file: string, most: number): number {
  let fd: number
  try {
    // A pipe or a terminal in its place would make us wait.
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch (error) {
    return fail('config.value', `The file cannot be read (${(error as NodeJS.ErrnoException).code}).`, { file })
  }
  const stat = fstatSync(fd)
  if (!stat.isFile() || stat.size > most) {
    closeSync(fd)
    fail('config.value', `This is not a regular file of at most ${most} octets.`, { file })
  }
  return fd
}
