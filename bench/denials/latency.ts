import { createReadStream, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assetsRoot } from '../../src/base/assets.ts'
import { runtimePaths } from '../../src/base/layout.ts'
import { CONTENT } from '../../src/standalone/lab/internet/addresses.ts'
import type { Lab } from '../../src/standalone/lab/lab.ts'
import { runIn } from '../../src/standalone/lab/namespace.ts'
import { until } from '../../src/standalone/lab/until.ts'
import { median, milliseconds, quantile, type Row } from '../row.ts'

const ASKER = fileURLToPath(new URL('./asker.ts', import.meta.url))
/** Of each kind and family, one every so many milliseconds. */
const COUNT = 200
const PAUSE_MS = 40
const BUDGET_MS = 100

const KINDS = { packet: 'packet', question: 'question' } as const

/** From the packet, or named's answer, to the line in the decision log: by the clock that both are written by. */
export async function* benchDenialLatency(lab: Lab): AsyncGenerator<Row> {
  const path = runtimePaths(lab.gateway.layout).decisions
  const took = new Map<string, number>()
  let from = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  let reading = Promise.resolve()
  const watcher = watch(dirname(path), (_event, file) => {
    if (file !== basename(path)) return
    const now = Date.now()
    reading = reading.then(async () => {
      let text = ''
      for await (const chunk of createReadStream(path, { start: from, encoding: 'latin1' })) text += chunk as string
      const whole = text.slice(0, text.lastIndexOf('\n') + 1)
      from += whole.length
      for (const line of whole.split('\n').slice(0, -1)) {
        const what = subjectOf(JSON.parse(line) as Told)
        if (what !== undefined && !took.has(what.key)) took.set(what.key, now - what.time)
      }
    })
  })
  const agent = lab.agent(1)
  const { v4, v6 } = CONTENT.raw
  const asked = [v4, v6, agent.gateway4, agent.gateway6, String(COUNT), String(PAUSE_MS)]
  try {
    await runIn(agent.namespace, [process.execPath, '--import', 'tsx', ASKER, ...asked], { cwd: assetsRoot() })
    await until('every denial is in the log', 10_000, () => took.size >= 4 * COUNT)
  } finally {
    watcher.close()
    await reading
  }
  for (const kind of Object.values(KINDS)) {
    const of = (family: string) => [...took].flatMap(([key, ms]) => (key.startsWith(`${kind} ${family}`) ? [ms] : []))
    const families = ['v4', 'v6'].map(of)
    yield {
      work: `a denied ${kind} in the log, ${COUNT} of each family (p50, p99)`,
      measured: families
        .map((each, i) => `IPv${i === 0 ? 4 : 6} ${milliseconds(median(each))}, ${milliseconds(quantile(each, 0.99))}`)
        .join('; '),
      compared: `worst ${milliseconds(Math.max(...families.flat()))}`,
      budget: `${BUDGET_MS} ms`,
      met: families.every((each) => each.length === COUNT && median(each) <= BUDGET_MS),
    }
  }
}

interface Told {
  readonly time: string
  readonly name?: string
  readonly address?: string
  readonly port?: number
}

function subjectOf({ time, name, address, port }: Told): { key: string; time: number } | undefined {
  const question = /^denied-\d+-(v[46])\.bench-latency\.example$/.exec(name ?? '')
  if (question !== null) return { key: `${KINDS.question} ${question[1]} ${name}`, time: Date.parse(time) }
  const family = Object.entries(CONTENT.raw).find(([, target]) => target === address)?.[0]
  return family === undefined ? undefined : { key: `${KINDS.packet} ${family} ${port}`, time: Date.parse(time) }
}
