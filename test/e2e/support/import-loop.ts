// Runs in the gateway's namespace: each line on standard input names a policy to import; the reply is what came of it.
import { createInterface } from 'node:readline'
import { currentLayout } from '../../../src/base/layout.ts'
import { importPolicy } from '../../../src/conf_mode/policy/import-policy.ts'

for await (const file of createInterface({ input: process.stdin })) {
  const since = performance.now()
  const said: string[] = []
  let failure: string | undefined
  try {
    await importPolicy(currentLayout(), file, { tell: (text) => said.push(text) })
  } catch (error) {
    failure = (error as Error).message
  }
  const reply = { ms: performance.now() - since, said: said.join('\n'), ...(failure === undefined ? {} : { failure }) }
  process.stdout.write(`${JSON.stringify(reply)}\n`)
}
