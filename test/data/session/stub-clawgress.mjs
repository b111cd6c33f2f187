// Stands in for `clawgress conf-mode NAME` and `clawgress op …`: notes each call in $STUB_CALLS, obeys $STUB_PLAN.

import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'

const [kind, name, ...rest] = process.argv.slice(2)
if (kind === 'conf-mode') {
  const plan = JSON.parse(process.env.STUB_PLAN ?? '{}')[name] ?? {}
  const input = plan.deaf ? undefined : JSON.parse(readFileSync(0, 'utf8'))
  appendFileSync(process.env.STUB_CALLS, `${JSON.stringify({ name, input })}\n`)
  if (plan.slowMs) await new Promise((resolve) => setTimeout(resolve, plan.slowMs))
  if (plan.output) process.stdout.write(plan.output)
  if (plan.error) process.stderr.write(plan.error)
  if (plan.leaves)
    spawn('sleep', [String(plan.leaves)], { stdio: ['ignore', 'inherit', 'inherit'], detached: true }).unref()
  if (plan.hangs) setInterval(() => {}, 1000)
  else process.exit(plan.status ?? 0)
} else {
  process.stdout.write(`stub ${JSON.stringify([kind, name, ...rest])}\n`)
  process.exit(rest.includes('fail') ? 3 : 0)
}
