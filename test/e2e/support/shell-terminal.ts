import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type IPty, spawn } from '@lydell/node-pty'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export const SHELL_ARGUMENTS = [
  '--import',
  'tsx',
  at('../../data/session/shell.ts'),
  at('../../data/session/stub-clawgress.mjs'),
]

/** A folder that stands in for a whole machine, with the calls that the stub for `clawgress` noted. */
export class ShellRoot {
  readonly folder = mkdtempSync(join(tmpdir(), 'clawgress-shell-'))

  constructor() {
    mkdirSync(join(this.folder, 'config'))
  }

  /** @param plan how the stub behaves for each owner */
  environment(plan: Record<string, object> = {}): Record<string, string> {
    return {
      ...(process.env as Record<string, string>),
      CLAWGRESS_ROOT: this.folder,
      STUB_CALLS: join(this.folder, 'calls'),
      STUB_PLAN: JSON.stringify(plan),
    }
  }

  calls(): { name: string; input: Record<string, unknown> }[] {
    try {
      const lines = readFileSync(join(this.folder, 'calls'), 'utf8').trim().split('\n')
      return lines.map((line) => JSON.parse(line))
    } catch {
      return []
    }
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8')
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The shell on a terminal of its own, as an operator has it. */
export class ShellTerminal {
  readonly #pty: IPty
  #output = ''
  #seen = 0
  #wake: () => void = () => {}
  readonly exited: Promise<number>

  constructor(root: ShellRoot, plan: Record<string, object> = {}) {
    this.#pty = spawn(process.execPath, SHELL_ARGUMENTS, { cols: 100, rows: 40, env: root.environment(plan) })
    this.#pty.onData((data) => {
      this.#output += data
      this.#wake()
    })
    this.exited = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode }) => resolve(exitCode))
    })
  }

  type(text: string): void {
    this.#pty.write(text)
  }

  /** Waits for the pattern in what came since the last wait, and gives back all up to its end. */
  async see(pattern: RegExp, deadlineMs = 10_000): Promise<string> {
    const deadline = Date.now() + deadlineMs
    for (;;) {
      const fresh = this.#output.slice(this.#seen)
      const match = pattern.exec(fresh)
      if (match !== null) {
        const end = match.index + match[0].length
        this.#seen += end
        return fresh.slice(0, end)
      }
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`waited in vain for ${pattern}; since then came: ${JSON.stringify(fresh)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Types a line and waits for the next prompt. Gives back what stands between, without the echo. */
  async run(line: string, prompt = /(?:# |:~\$ )\x1b\[K$/): Promise<string> {
    this.type(`${line}\r`)
    await this.see(/\r\n/)
    return this.see(prompt)
  }

  kill(): void {
    this.#pty.kill('SIGKILL')
  }
}
