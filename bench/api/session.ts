import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../../src/standalone/lab/lab.ts'
import { inNamespace } from '../../src/standalone/lab/namespace.ts'
import { until } from '../../src/standalone/lab/until.ts'
import { median, quantile } from '../row.ts'

const KEY = 'bench-0123456789abcdef0123456789'
export const API = 'http://127.0.0.1:8443/clawgress'

export type Curl = (words: readonly string[]) => Promise<{ readonly exitCode?: number; readonly stdout: string }>

/** Configures an API on the gateway for as long as the work takes. `curl` has a key, and never rejects. */
export async function* withApi<Yielded>(
  lab: Lab,
  work: (curl: Curl) => AsyncGenerator<Yielded>,
): AsyncGenerator<Yielded> {
  await lab.commit([
    'set service clawgress api listen-address 127.0.0.1',
    `set service clawgress api key id bench key ${KEY}`,
    'set service clawgress api key id bench role admin',
  ])
  const curl: Curl = (words) =>
    lab.gateway.exec(['curl', '-sf', '-H', `X-API-Key: ${KEY}`, ...words], { mayFail: true })
  try {
    await apiAnswers(curl)
    yield* work(curl)
  } finally {
    await lab.commit(['delete service clawgress api'])
  }
}

export const apiAnswers = (curl: Curl): Promise<boolean> =>
  until('the API answers', 10_000, async () => (await curl([`${API}/status`])).exitCode === 0)

/** What a program in the gateway's namespace told after its end. */
export interface Visit {
  /** Ends it and gives what it printed. */
  readonly end: () => Promise<string>
}

/** Starts a program of the bench beside the API, with the key as its first argument; it ends with its input. */
export function visit(lab: Lab, script: URL, ...words: readonly string[]): Visit {
  const argv = [process.execPath, '--import', 'tsx', fileURLToPath(script), KEY, ...words]
  const [program, args] = inNamespace(lab.gateway.namespace, argv)
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    printed += part
  })
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => {
      if (code === 0) resolve(printed)
      else reject(new Error(`${script.pathname} ended with status ${code}`))
    })
  })
  // Told by `end`; nobody may wait for it yet.
  ended.catch(() => {})
  return {
    end: () => {
      child.stdin.end()
      return ended
    },
  }
}

/** Milliseconds of answers, and how many did not come. */
export interface Answered {
  readonly middle: number
  readonly p99: number
  readonly worst: number
  readonly count: number
  readonly lost: number
}

/** Asks for the status so many times a second, until the end. */
export function askStatus(lab: Lab, rate: number): { readonly end: () => Promise<Answered> } {
  const { end } = visit(lab, new URL('status-load.ts', import.meta.url), String(rate))
  return {
    end: async () => {
      const times = JSON.parse(await end()) as number[]
      const answered = times.filter((time) => time >= 0)
      return {
        middle: median(answered),
        p99: quantile(answered, 0.99),
        worst: Math.max(...answered),
        count: times.length,
        lost: times.length - answered.length,
      }
    },
  }
}
