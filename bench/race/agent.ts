// Runs inside an agent's namespace: asks for each question of standard input and connects at once to what is answered.
import { ask, tryConnect } from '../../test/e2e/support/agent-worker/network.ts'

/** What one run found. */
export interface RaceResult {
  readonly answered: number
  readonly connected: number
  readonly unanswered: number
  /** `name address outcome`, first few. */
  readonly refused: number
  readonly details: readonly string[]
}

const [server, port, lanes] = process.argv.slice(2)
const chunks: Buffer[] = []
for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
const questions = Buffer.concat(chunks).toString().trim().split('\n')
const found = { answered: 0, connected: 0, unanswered: 0, refused: 0 }
const details: string[] = []
const note = (detail: string) => details.length < 10 && details.push(detail)

async function lane(): Promise<void> {
  for (let question = questions.pop(); question !== undefined; question = questions.pop()) {
    const [name, type] = question.split(' ') as [string, 'A' | 'AAAA']
    const answer = await ask({ name, type, server: server! }, 5000)
    if (answer.addresses.length === 0) {
      found.unanswered++
      note(`${name} ${type} ${answer.status}`)
      continue
    }
    found.answered++
    for (const address of answer.addresses) {
      const { outcome } = await tryConnect({ address, port: Number(port) }, 5000)
      if (outcome === 'open') found.connected++
      else {
        found.refused++
        note(`${name} ${address} ${outcome}`)
      }
    }
  }
}

await Promise.all(Array.from({ length: Number(lanes) }, lane))
process.stdout.write(JSON.stringify({ ...found, details } satisfies RaceResult))
process.exit(0)
