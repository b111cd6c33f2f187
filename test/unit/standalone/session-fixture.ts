import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { layoutBelow } from '../../../src/base/layout.ts'
import { Shell } from '../../../src/standalone/session/shell.ts'
import { loadDefinitions } from '../../../src/vyos/index.ts'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
export const STUB = [process.execPath, at('../../data/session/stub-clawgress.mjs')]
const definitions = loadDefinitions(at('../../data/session/definitions'))

export interface Call {
  readonly name: string
  readonly input: {
    proposed: object | null
    effective: object | null
    pki: object | null
    dry_run: boolean
    tag?: string
  }
}

/** A folder with shells in it, whose owners are played by a stand-in: a new one for each test of the `describe` that makes it. */
export class SessionFixture {
  folder = ''
  text = ''
  #seen = 0

  constructor() {
    beforeEach(() => this.setUp())
    afterEach(() => this.tearDown())
  }

  private setUp(): void {
    this.folder = mkdtempSync(join(tmpdir(), 'clawgress-session-'))
    mkdirSync(join(this.folder, 'config'))
    this.text = ''
    this.#seen = 0
    process.env.STUB_CALLS = join(this.folder, 'calls')
    process.env.STUB_PLAN = '{}'
    process.env.CLAWGRESS_ROOT = this.folder
  }

  private tearDown(): void {
    rmSync(this.folder, { recursive: true, force: true })
    for (const name of ['STUB_CALLS', 'STUB_PLAN', 'CLAWGRESS_ROOT']) delete process.env[name]
  }

  /** @param shipped with the shipped definitions instead of those of the tests */
  readonly newShell = (program: readonly string[] = STUB, ownerTimeLimitMs = 20_000, shipped = false): Shell =>
    new Shell({
      layout: layoutBelow(this.folder),
      program,
      ...(shipped ? {} : { definitions }),
      opDefinitions: [],
      ownerTimeLimitMs,
      write: (part) => {
        this.text += part
      },
    })

  /** What the owners are to do from now on. */
  readonly plan = (owners: Record<string, object>): void => {
    process.env.STUB_PLAN = JSON.stringify(owners)
  }

  /** Runs lines, gives back what was written by them. */
  readonly run = async (shell: Shell, ...lines: string[]): Promise<string> => {
    this.text = ''
    for (const line of lines) await shell.execute(line)
    return this.text
  }

  /** A shell in configuration mode after these lines. */
  readonly configuring = async (...lines: string[]): Promise<Shell> => {
    const shell = this.newShell()
    await this.run(shell, 'configure', ...lines)
    return shell
  }

  /** Calls of owners since the last look. */
  readonly calls = (): Call[] => {
    const file = join(this.folder, 'calls')
    // A line that is being written is none yet.
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
    const fresh = lines.slice(this.#seen).map((line) => JSON.parse(line) as Call)
    this.#seen = lines.length
    return fresh
  }

  readonly called = (): string[] =>
    this.calls().map(({ name, input }) => (input.tag === undefined ? name : `${name} ${input.tag}`))
}
