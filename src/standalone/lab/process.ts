import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
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

/** Command line of this very program: the bundle as it runs, or the one built in the checkout. */
export function clawgressProgram(): [string, string] {
  const running = fileURLToPath(import.meta.url)
  const bundle = running.endsWith('.mjs') ? resolve(running) : join(assetsRoot(), 'dist', 'clawgress.mjs')
  if (!existsSync(bundle)) throw new Error(`${join(dirname(bundle), 'clawgress.mjs')} is missing: run make build`)
  return [process.execPath, bundle]
}
