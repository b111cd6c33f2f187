import { type ChildProcess, spawn } from 'node:child_process'

/** Where syslog takes messages; of journald where that runs. */
export const SYSLOG_SOCKET = '/dev/log'

/**
 * `logger` (util-linux) reading lines; a record is longer than its default of 1 KiB. It prints every message after it has
 * sent it, and ends where there is no syslog.
 */
export const loggerCommand = (facility: string, level = 'info'): readonly string[] => [
  'logger',
  '--stderr',
  '--socket-errors=on',
  '--tag',
  'clawgress',
  '--priority',
  `${facility}.${level}`,
  '--size',
  '16384',
]

const QUEUE = 4 << 20
const RESTART_AFTER = 1_000
const LINE_END = 10
/** What a message of syslog begins with (RFC 3164 section 4.1.1); anything else is a complaint. */
const MESSAGE_START = '<'.charCodeAt(0)

/** One child, and how far it has come. */
interface Sender {
  readonly process: ChildProcess
  given: number
  /** Printed as messages, whether or not there was a complaint of them before. */
  sent: number
  /** The last line complained: of a message that was not sent, or of why the child ends. */
  hasComplained: boolean
  /** It was told to end when it has sent everything. */
  isEnding: boolean
  waiting: Waiting[]
}

/** Whoever waits until the child has sent so many. */
interface Waiting {
  readonly upTo: number
  readonly go: () => void
}

/**
 * Sends lines to syslog through one long-lived child, which prints to stderr what it has sent. It may die or block
 * without harm: what waits is bounded, and what does not fit or dies with it is counted (the decision log has it).
 */
export class Syslog {
  /** Lines that syslog did not get; the one that a child was sending when it died may be among them nevertheless. */
  dropped = 0
  private command: readonly string[]
  private sender: Sender | undefined
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

  /** Lines of ASCII, without their ends. */
  send(lines: readonly string[]): void {
    if (lines.length === 0) return
    const sender = this.running()
    const input = sender?.process.stdin
    if (sender === undefined || !input || input.destroyed || input.writableLength > QUEUE) {
      this.dropped += lines.length
      return
    }
    sender.given += lines.length
    input.write(`${lines.join('\n')}\n`, 'latin1')
  }

  /**
   * Resolves to true as soon as what the present child was given is sent, or counted as dropped; to false after so many
   * milliseconds.
   */
  settled(patience: number): Promise<boolean> {
    const { sender } = this
    if (sender === undefined || sender.sent >= sender.given) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patience, false)
      const go = () => {
        clearTimeout(timer)
        resolve(true)
      }
      sender.waiting.push({ upTo: sender.given, go })
    })
  }

  /** Ends the child without waiting for what it still has. */
  kill(): void {
    this.sender?.process.kill()
    this.close()
  }

  /** Lets the child send what it has and end. */
  close(): void {
    if (this.sender !== undefined) this.sender.isEnding = true
    this.sender?.process.stdin?.end()
    this.sender = undefined
    this.startedAt = Number.NEGATIVE_INFINITY
  }

  private running(): Sender | undefined {
    if (this.sender !== undefined) return this.sender
    if (performance.now() - this.startedAt < RESTART_AFTER) return undefined
    this.startedAt = performance.now()
    const process = spawn(this.command[0]!, this.command.slice(1), { stdio: ['pipe', 'ignore', 'pipe'] })
    const sender: Sender = { process, given: 0, sent: 0, hasComplained: false, isEnding: false, waiting: [] }
    const forget = () => {
      if (this.sender === sender) this.sender = undefined
    }
    let isStart = true
    process.stderr.on('data', (text: Buffer) => {
      for (let at = 0; at < text.length; ) {
        if (isStart) this.read(sender, text[at] === MESSAGE_START)
        const end = text.indexOf(LINE_END, at)
        isStart = end >= 0
        at = isStart ? end + 1 : text.length
      }
    })
    process.on('error', forget).on('exit', forget)
    process.stdin.on('error', forget)
    // Everything that it printed was read.
    process.on('close', (code) => this.settle(sender, code))
    this.sender = sender
    return sender
  }

  /** A line that the child begins to print. */
  private read(sender: Sender, isMessage: boolean): void {
    if (sender.hasComplained) this.dropped++
    sender.hasComplained = !isMessage
    if (isMessage) sender.sent++
    if (sender.waiting.length > 0) release(sender, sender.sent)
  }

  private settle(sender: Sender, code: number | null): void {
    const { given, sent, hasComplained, isEnding } = sender
    const isDone = isEnding && code === 0
    if (!isDone) this.dropped += Math.max(0, given - sent)
    if (hasComplained && (code === 0 || code === null)) this.dropped++
    release(sender, given)
  }
}

function release(sender: Sender, reached: number): void {
  const due = sender.waiting.filter(({ upTo }) => upTo <= reached)
  sender.waiting = sender.waiting.filter(({ upTo }) => upTo > reached)
  for (const { go } of due) go()
}
