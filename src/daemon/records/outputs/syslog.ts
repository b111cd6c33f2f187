import { type ChildProcess, spawn } from 'node:child_process'

/** `logger` (util-linux) reading lines; a record is longer than its default of 1 KiB. */
export const loggerCommand = (facility: string, level = 'info'): readonly string[] => [
  'logger',
  '--tag',
  'clawgress',
  '--priority',
  `${facility}.${level}`,
  '--size',
  '16384',
]

const QUEUE = 4 << 20
const RESTART_AFTER = 1_000

/**
 * Sends lines to syslog through one long-lived child. It may die or block without harm: what waits is bounded, and what
 * does not fit is dropped and counted (the decision log has it).
 */
export class Syslog {
  /** Lines that syslog did not get. */
  dropped = 0
  private command: readonly string[]
  private child: ChildProcess | undefined
  private startedAt = Number.NEGATIVE_INFINITY

  constructor(command: readonly string[]) {
    this.command = command
  }

  /** Changes the command (the facility); the old child ends when it has sent what it has. */
  use(command: readonly string[]): void {
    if (command.join(' ') === this.command.join(' ')) return
    this.command = command
    this.close()
  }

  send(lines: readonly string[]): void {
    if (lines.length === 0) return
    const input = this.running()?.stdin
    if (input === undefined || input === null || input.writableLength > QUEUE) this.dropped += lines.length
    else input.write(`${lines.join('\n')}\n`)
  }

  /** Ends the child without waiting for what it still has. */
  kill(): void {
    this.child?.kill()
    this.close()
  }

  /** Lets the child send what it has and end. */
  close(): void {
    this.child?.stdin?.end()
    this.child = undefined
    this.startedAt = Number.NEGATIVE_INFINITY
  }

  private running(): ChildProcess | undefined {
    if (this.child !== undefined) return this.child
    if (Date.now() - this.startedAt < RESTART_AFTER) return undefined
    this.startedAt = Date.now()
    const child = spawn(this.command[0]!, this.command.slice(1), { stdio: ['pipe', 'ignore', 'ignore'] })
    const forget = () => {
      if (this.child === child) this.child = undefined
    }
    child.on('error', forget).on('exit', forget)
    child.stdin.on('error', forget)
    this.child = child
    return child
  }
}
