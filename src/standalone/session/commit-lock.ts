import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** When a process began, in clock ticks since boot (proc(5), field 22 of stat); undefined where it is gone. */
function startOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

const identity = (pid: string): string => `${pid} ${startOf(pid)}`

/**
 * Takes the lock file for this process. A lock whose process died is taken over.
 * @returns a function that gives it back, or undefined where another commit is in progress
 */
export function takeLock(file: string): (() => void) | undefined {
  mkdirSync(dirname(file), { recursive: true })
  // Written aside and linked: a full disk or a killed process never leaves a lock that names nobody.
  const aside = `${file}.${process.pid}`
  try {
    writeFileSync(aside, identity(String(process.pid)))
    for (let attempt = 0; attempt < 2; attempt++) {
      if (isLinked(aside, file)) return () => rmSync(file, { force: true })
      if (isHeld(file)) return undefined
      rmSync(file, { force: true })
    }
    return undefined
  } finally {
    rmSync(aside, { force: true })
  }
}

function isLinked(existing: string, path: string): boolean {
  try {
    linkSync(existing, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

function isHeld(file: string): boolean {
  try {
    const holder = readFileSync(file, 'utf8')
    const pid = holder.split(' ')[0]!
    return startOf(pid) !== undefined && identity(pid) === holder
  } catch {
    return false
  }
}
