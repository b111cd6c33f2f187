import { spawn } from 'node:child_process'
import { closeSync, readSync } from 'node:fs'
import { PROGRESS_FD } from '../../conf_mode/checkpoint.ts'
import { openSealedMemory, writtenTo } from '../../services/index.ts'
import type { ConfigDict } from '../../vyos/index.ts'

/** What an owner reads on its standard input, as JSON. */
export interface OwnerInput {
  /** Configuration to be reached, with defaults; null where the node is deleted. */
  readonly proposed: ConfigDict | null
  /** Configuration in force, with defaults; null where the node is new. */
  readonly effective: ConfigDict | null
  readonly pki: ConfigDict | null
  readonly dry_run: boolean
  /** Present for owners on tag nodes. */
  readonly tag?: string
}

export interface OwnerResult {
  readonly ok: boolean
  /** Standard output and error, interleaved. */
  readonly output: string
}

/** More output is cut. */
const MAX_OUTPUT_BYTES = 1024 * 1024
/** An owner that writes more is refused by the kernel. */
const MAX_KEPT_BYTES = 16 * MAX_OUTPUT_BYTES

/** How owners are called: program with its arguments, before `conf-mode NAME`. */
export interface OwnerCaller {
  readonly program: readonly string[]
  /** After it the owner and all its children are killed. */
  readonly timeLimitMs: number
}

/**
 * Runs one owner in a session of its own, so that Ctrl-C cannot stop it half way. Its output goes through a file, in
 * memory: a service that it leaves behind may keep the file open without holding up the commit.
 */
export async function callOwner(caller: OwnerCaller, name: string, input: OwnerInput): Promise<OwnerResult> {
  const output = openSealedMemory('clawgress-owner', MAX_KEPT_BYTES)
  try {
    const status = await run(caller, name, input, output)
    const text = readOutput(output)
    return status === undefined ? { ok: true, output: text } : { ok: false, output: joinLines(text, status) }
  } finally {
    closeSync(output)
  }
}

const joinLines = (text: string, line: string): string =>
  line === '' ? text : text === '' || text.endsWith('\n') ? `${text}${line}\n` : `${text}\n${line}\n`

/** Undefined after success, otherwise a sentence to add to the output (empty where the owner said why itself). */
function run(caller: OwnerCaller, name: string, input: OwnerInput, output: number): Promise<string | undefined> {
  const [file, ...prefix] = caller.program
  return new Promise((resolve) => {
    const terminal = process.stderr.isTTY ? process.stderr.fd : undefined
    const child = spawn(file!, [...prefix, 'conf-mode', name], {
      stdio: ['pipe', output, output, ...(terminal === undefined ? [] : [terminal])],
      ...(terminal === undefined ? {} : { env: { ...process.env, CLAWGRESS_PROGRESS: String(PROGRESS_FD) } }),
      detached: true,
    })
    let late = false
    const timer = setTimeout(() => {
      late = true
      killGroup(child.pid)
    }, caller.timeLimitMs)
    const finish = (status: string | undefined) => {
      clearTimeout(timer)
      resolve(status)
    }
    child.on('error', (error) => finish(`The handler ${name} cannot be started: ${error.message}.`))
    child.on('exit', (code, signal) => {
      const seconds = caller.timeLimitMs / 1000
      if (late) finish(`The handler ${name} did not finish within ${seconds} s and was stopped.`)
      else if (code === 0) finish(undefined)
      else finish(signal === null ? '' : `The handler ${name} was ended by ${signal}.`)
    })
    // an owner may exit without reading its input
    child.stdin?.on('error', () => {})
    child.stdin?.end(JSON.stringify(input))
  })
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // it ended just now
  }
}

function readOutput(file: number): string {
  const size = writtenTo(file)
  const buffer = Buffer.alloc(Math.min(size, MAX_OUTPUT_BYTES))
  const read = readSync(file, buffer, 0, buffer.length, 0)
  const text = buffer.toString('utf8', 0, read)
  return size > MAX_OUTPUT_BYTES
    ? joinLines(text, `(${size - MAX_OUTPUT_BYTES} more bytes of output were left out)`)
    : text
}
