// Stands in for `clawgress conf-mode NAME` and `clawgress op …`: notes each call in $STUB_CALLS, obeys $STUB_PLAN.
// `clawgress shell` is the real one, with this stand-in for what it calls.

import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [kind, name, ...rest] = process.argv.slice(2)
if (kind === 'conf-mode') {
  const plan = JSON.parse(process.env.STUB_PLAN ?? '{}')[name] ?? {}
  const input = plan.deaf ? undefined : JSON.parse(readFileSync(0, 'utf8'))
  appendFileSync(process.env.STUB_CALLS, `${JSON.stringify({ name, input })}\n`)
  if (plan.slowMs) await new Promise((resolve) => setTimeout(resolve, plan.slowMs))
  if (plan.output) process.stdout.write(plan.output)
  if (plan.bytes) writeFileSync(1, 'x'.repeat(plan.bytes))
  if (plan.error) process.stderr.write(plan.error)
  if (plan.leaves)
    spawn('sleep', [String(plan.leaves)], { stdio: ['ignore', 'inherit', 'inherit'], detached: true }).unref()
  if (plan.hangs) setInterval(() => {}, 1000)
  else process.exit(plan.status ?? 0)
} else if (kind === 'shell') {
  const shell = fileURLToPath(new URL('./shell.ts', import.meta.url))
  const words = [fileURLToPath(import.meta.url), name, ...rest]
  const { status } = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), shell, ...words])
  process.exit(status ?? 1)
} else {
  process.stdout.write(`stub ${JSON.stringify([kind, name, ...rest])}\n`)
  process.exit(rest.includes('fail') ? 3 : 0)
}
