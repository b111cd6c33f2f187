import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { execa } from 'execa'
import type { PolicyTimes } from './policy/work.ts'
import { microseconds, milliseconds, type Row } from './row.ts'

/** Bundled as the product is, and run by plain Node in a process of its own: a loader of TypeScript costs time. */
async function measure(count: number): Promise<PolicyTimes> {
  const here = fileURLToPath(new URL('.', import.meta.url))
  const dir = mkdtempSync(join(here, '../node_modules/.bench-'))
  const outfile = join(dir, 'work.mjs')
  try {
    const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    await build({
      entryPoints: [join(here, 'policy/work.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      banner: { js: banner },
      logLevel: 'error',
    })
    const { stdout } = await execa(process.execPath, [outfile, String(count)])
    return JSON.parse(stdout) as PolicyTimes
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Reading, compiling, storing and asking a policy of `count` plain names, beside JSON.parse of the same text. */
export async function* benchPolicy(count: number): AsyncGenerator<Row> {
  const times = await measure(count)
  const names = `${count.toLocaleString('en')} names`
  const json = `JSON.parse alone ${milliseconds(times.jsonParse)}`
  yield {
    work: `policy of ${names}: parse and validate, compile`,
    measured: `${milliseconds(times.parse)}, ${milliseconds(times.compile)}`,
    compared: json,
    ratio: (times.parse + times.compile) / times.jsonParse,
  }
  yield {
    work: `Plan of ${names}: write, load`,
    measured: `${milliseconds(times.write)}, ${milliseconds(times.load)} (${times.memory.toFixed(1)} MiB)`,
    compared: count >= 1_000_000 ? 'budget 50 ms to load' : json,
    ...(count >= 1_000_000 ? { ratio: times.load / 50 } : {}),
  }
  yield {
    work: `1,000 changes in ${names}: of Plans, of policies`,
    measured: `${milliseconds(times.diffPlans)}, ${milliseconds(times.diffPolicies)}`,
    compared: json,
    ratio: times.diffPlans / times.jsonParse,
  }
  yield {
    work: `decide() with ${names}: allowed, not allowed`,
    measured: `${microseconds(times.decideHit)}, ${microseconds(times.decideMiss)}`,
    compared: json,
    budget: '2 µs',
    met: times.decideHit <= 2 && times.decideMiss <= 2,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const count of [1_000, 100_000, 1_000_000]) {
    for await (const { work, measured, compared, ratio } of benchPolicy(count)) {
      const times = ratio === undefined ? '' : `${ratio.toFixed(2)} ×`
      process.stdout.write(`${work.padEnd(62)} ${measured.padEnd(30)} ${compared.padEnd(28)} ${times}\n`)
    }
  }
}
