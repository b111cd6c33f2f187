import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Layout } from '../../base/layout.ts'
import { type ConfigTree, parseConfig, printConfig } from '../../vyos/index.ts'
import { writeAtomically } from './config-store.ts'

const revisionSchema = z.object({ time: z.string(), user: z.string(), via: z.string(), comment: z.string() })

const schema = z.object({
  /** RFC 3339: when the previous configuration comes back. */
  deadline: z.iso.datetime(),
  /** It, in config.boot format. */
  previous: z.string(),
  /** Entry of the revision that `confirm` makes of the commit. */
  revision: revisionSchema.optional(),
})

export interface Unconfirmed {
  readonly deadline: string
  readonly previous: ConfigTree
  readonly revision?: z.infer<typeof revisionSchema>
}

/**
 * The commit that waits for `confirm`. It is kept beside the running configuration, so that it is gone after a reboot,
 * which starts from the saved configuration anyway. A process of its own watches the time: it outlives the shell.
 */
export class UnconfirmedCommit {
  readonly #file: string
  readonly #watcher: readonly string[]

  /** @param program our own executable, which is to watch the time */
  constructor(layout: Layout, program: readonly string[]) {
    this.#file = join(layout.run, 'config/unconfirmed.json')
    this.#watcher = [...program, 'shell', '--revert-unconfirmed']
  }

  /** Undefined where no commit waits. */
  read(): Unconfirmed | undefined {
    let text: string
    try {
      text = readFileSync(this.#file, 'utf8')
    } catch {
      return undefined
    }
    const { deadline, previous, revision } = schema.parse(JSON.parse(text))
    return { deadline, previous: parseConfig(previous), ...(revision === undefined ? {} : { revision }) }
  }

  /** To be called before the commit, so that a commit that cuts its operator off is taken back too. */
  begin(previous: ConfigTree, minutes: number): void {
    const deadline = new Date(Date.now() + minutes * 60_000).toISOString()
    writeAtomically(this.#file, JSON.stringify({ deadline, previous: printConfig(previous) }))
    const [file, ...args] = this.#watcher
    const child = spawn(file!, args, { detached: true, stdio: 'ignore', cwd: '/' })
    // configure looks at the time too
    child.on('error', () => {})
    child.unref()
  }

  /** Keeps the revision of the commit until it is confirmed. */
  note(revision: z.infer<typeof revisionSchema>): void {
    const text = readFileSync(this.#file, 'utf8')
    writeAtomically(this.#file, JSON.stringify({ ...schema.parse(JSON.parse(text)), revision }))
  }

  clear(): void {
    rmSync(this.#file, { force: true })
  }
}
