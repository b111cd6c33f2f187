import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { LineRenderer } from './line-renderer.ts'

/** Milliseconds between two keys, where a person watches. */
const KEY_MS = 12
const ANSWER_MS = 120_000

export interface TypistOptions {
  readonly environment: Readonly<Record<string, string>>
  /** A person watches: type like one, and pass on what the terminal draws as it is. */
  readonly live: boolean
  readonly write: (text: string) => void
}

/**
 * Types commands into a program through a pseudo-terminal of its own (script(1) of util-linux) and waits for its next
 * prompt, so that what is shown is what a user at the keyboard sees.
 */
export class Typist implements AsyncDisposable {
  private readonly child: ChildProcess
  private readonly live: boolean
  private readonly write: (text: string) => void
  private readonly renderer: LineRenderer
  private screen = ''
  private wake: () => void = () => undefined
  private ended = false

  constructor(argv: readonly string[], options: TypistOptions) {
    this.live = options.live
    this.write = options.write
    this.renderer = new LineRenderer(options.write)
    const command = `stty cols 100 rows 40; exec ${argv.map(quote).join(' ')}`
    this.child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', ...options.environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.child.stdin!.on('error', () => undefined)
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.screen += text
      if (this.live) options.write(text)
      else this.renderer.feed(text)
      this.wake()
    })
    this.child.once('exit', () => {
      this.ended = true
      this.wake()
    })
  }

  /** Waits for the first prompt. */
  async ready(): Promise<void> {
    await this.until(() => endsWithPrompt(this.screen))
  }

  /** Shows the prompt again, after others have written to the terminal; a file or pipe has not got it yet. */
  showPrompt(): void {
    const text = plain(this.screen)
    if (this.live) this.write(text.slice(text.lastIndexOf('\n') + 1))
  }

  /** Types one command. @returns what the program printed up to its next prompt, without control sequences */
  async type(command: string): Promise<string> {
    for (const key of command) {
      this.child.stdin!.write(key)
      if (this.live) await new Promise((resolve) => setTimeout(resolve, KEY_MS))
    }
    await this.until(() => plain(this.screen).includes(command))
    this.screen = ''
    this.child.stdin!.write('\r')
    await this.until(() => this.screen.includes('\n') && endsWithPrompt(this.screen))
    const text = plain(this.screen)
    return text.slice(text.indexOf('\n') + 1, text.lastIndexOf('\n') + 1)
  }

  /** Types the last command, and waits for the program to end. */
  async leave(command: string): Promise<void> {
    this.child.stdin!.write(`${command}\r`)
    await this.until(() => this.ended)
    this.renderer.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ended) return
    const exit = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    await exit
  }

  /** @throws Error when the program ends first, or does not answer in time */
  private async until(holds: () => boolean): Promise<void> {
    const deadline = Date.now() + ANSWER_MS
    while (!holds()) {
      if (this.ended)
        throw new Error(`the command line ended too early, after: ${plain(this.screen).trim().slice(-500)}`)
      const left = deadline - Date.now()
      if (left <= 0)
        throw new Error(`no prompt within ${ANSWER_MS / 1000} s, after: ${plain(this.screen).trim().slice(-500)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

/** Prompts of operational and configuration mode: `user@host:~$ ` and `user@host# `. */
const endsWithPrompt = (screen: string) => /(?:^|\n)\S+@\S+[$#] $/.test(plain(screen))

const plain = (screen: string): string => {
  let text = ''
  const renderer = new LineRenderer((line) => {
    text += line
  })
  renderer.feed(screen)
  return text + renderer.unfinished()
}
