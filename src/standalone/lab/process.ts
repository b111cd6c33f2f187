import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { assetsRoot } from '../../base/assets.ts'

/** Starts a program that outlives this one; what it prints goes to `output`. @returns its process id */
export async function launch([program, args]: [string, string[]], output: string): Promise<number> {
  const file = await open(output, 'a')
  try {
    const child = spawn(program, args, { detached: true, stdio: ['ignore', file.fd, file.fd] })
    await new Promise((started, failed) => child.once('spawn', started).once('error', failed))
    child.unref()
    return child.pid!
  } finally {
    await file.close()
  }
}

/** Command line of this very program: the bundle, also where the sources run. */
export function clawgressProgram(): [string, string] {
  const bundle = join(assetsRoot(), 'dist', 'clawgress.mjs')
  if (!existsSync(bundle)) throw new Error(`${bundle} is missing: run make build`)
  return [process.execPath, bundle]
}
