import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'

/** Which generation folders are in force and coming, so that a restarted pinner judges as the one before. */
export interface PlanDirs {
  readonly active?: string
  readonly staged?: string
}

/** Nothing where there is no file. A damaged one counts as none: without a Plan everything is refused. */
export function readState(path: string): PlanDirs {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    const { active, staged } = value
    return {
      ...(typeof active === 'string' ? { active } : {}),
      ...(typeof staged === 'string' ? { staged } : {}),
    }
  } catch {
    return {}
  }
}

/** Replaces the file in one step. Throws the system's error. */
export function writeState(path: string, dirs: PlanDirs): void {
  const file = openSync(`${path}.new`, 'w', 0o640)
  try {
    writeSync(file, JSON.stringify(dirs))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
}
