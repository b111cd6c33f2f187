import { spawn } from 'node:child_process'

export interface Ended {
  /** Undefined: a signal ended it. */
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Octets of its output; a program that prints more is killed. */
const MAX_OUTPUT = 16 << 20

/**
 * Runs a program to its end, however that is, without a shell and with nothing on its standard input. Ctrl-C on our
 * terminal does not end it in the middle of a commit, which does not heed it either; after `timeoutMs` milliseconds it
 * is killed. Used where a commit passes, which would take 20 ms to load a library for this. Rejects where the program
 * cannot be started, with its `code`.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    // Not spawn's own, which goes on, and keeps this process, where the program could not be started.
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    let length = 0
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length <= MAX_OUTPUT) said[stream].push(chunk)
        else child.kill('SIGKILL')
      })
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('exit', () => clearTimeout(timer))
    child.once('close', (status) =>
      resolve({
        exitCode: status ?? undefined,
        stdout: Buffer.concat(said.stdout).toString(),
        stderr: Buffer.concat(said.stderr).toString(),
      }),
    )
  })
}
