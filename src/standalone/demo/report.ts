import type { Lab } from '../lab/lab.ts'
import { denyRecord, type Evidence, planSays } from './evidence.ts'
import type { HeldOutcome } from './revocation.ts'
import type { Outcome, Row } from './row.ts'
import { type Column, type Paint, printHeading, printRow } from './table.ts'

const COLUMNS: readonly Column[] = [
  { heading: '', width: 3 },
  { heading: 'what', width: 29 },
  { heading: 'expected', width: 8 },
  { heading: 'what happened', width: 21 },
  { heading: 'why', width: 25 },
  { heading: 'ms', width: 4, right: true },
]

const HELD_COLUMNS: readonly Column[] = [
  { heading: '', width: 3 },
  { heading: 'open connection', width: 34 },
  { heading: 'expected', width: 8 },
  { heading: "agent's end", width: 25 },
  { heading: "server's end", width: 22 },
]

const GREEN = '\x1b[32m'
const RED = '\x1b[31;1m'
const PLAIN = '\x1b[0m'

/** Prints the demo's tables while it runs, and counts what was not as expected. */
export class Report {
  private rows = 0
  private failures: string[] = []
  private readonly coloured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined

  say(sentence: string): void {
    process.stdout.write(`\n${sentence}\n\n`)
  }

  /** Tries each row and prints it. */
  async act(lab: Lab, heading: string, rows: readonly Row[]): Promise<void> {
    this.say(heading)
    process.stdout.write(printHeading(COLUMNS))
    for (const row of rows) {
      await lab.internet.forget()
      const since = Date.now()
      const outcome = await row.attempt(lab)
      const why = await evidenceFor(lab, row, outcome, since)
      const asExpected = isAsExpected(row, outcome, why)
      this.count(asExpected, `${row.what} (agent ${row.agent})`)
      const leaked = (outcome.leaked ?? 0) > 0 ? `, LEAKED ${outcome.leaked}` : ''
      const cells = [
        asExpected ? 'ok' : 'BAD',
        `${row.what} (agent\u00a0${row.agent})`,
        row.expected,
        `${outcome.happened}${leaked}`,
        describeEvidence(why),
        String(outcome.ms),
      ]
      process.stdout.write(printRow(COLUMNS, cells, this.paint(asExpected)))
    }
  }

  /** Prints what became of the connections that were open while the policy changed. */
  held(outcomes: readonly HeldOutcome[], importMs: number): void {
    this.say(`The import took ${importMs} ms, from the key to the next prompt. Counted from the key:`)
    process.stdout.write(printHeading(HELD_COLUMNS))
    for (const { connection, agentEnd, serverEnd, asExpected } of outcomes) {
      this.count(asExpected, connection.what)
      const cells = [asExpected ? 'ok' : 'BAD', connection.what, connection.expected, agentEnd, serverEnd]
      process.stdout.write(printRow(HELD_COLUMNS, cells, this.paint(asExpected)))
    }
    const times = outcomes.flatMap(({ ms }) => (ms === undefined ? [] : [ms]))
    if (times.length > 0)
      this.say(`Removed connections were reset on both ends after ${Math.max(...times)} ms at most.`)
  }

  /** Prints the last line. @returns whether all was as expected */
  conclude(): boolean {
    const good = this.failures.length === 0
    const text = `${this.rows - this.failures.length} of ${this.rows} as expected`
    this.say(good ? `${text}.` : `${text}. Not as expected:\n${this.failures.map((what) => `  ${what}`).join('\n')}`)
    return good
  }

  private count(asExpected: boolean, what: string): void {
    this.rows++
    if (!asExpected) this.failures.push(what)
  }

  private paint(asExpected: boolean): Paint {
    if (!this.coloured) return (text) => text
    return (text, column) => (column === 0 ? `${asExpected ? GREEN : RED}${text}${PLAIN}` : text)
  }
}

function isAsExpected(row: Row, outcome: Outcome, why: Evidence | undefined): boolean {
  if (outcome.allowed !== (row.expected === 'allowed') || outcome.silent === true) return false
  return (outcome.leaked ?? 0) === 0 && why?.reason === row.reason
}

/** The deny record of what was refused; for what was allowed, which line of the policy says so. */
async function evidenceFor(lab: Lab, row: Row, outcome: Outcome, since: number): Promise<Evidence | undefined> {
  const agent = lab.agent(row.agent)
  const client = row.family === 4 ? agent.address4 : agent.address6
  if (!outcome.allowed) {
    return denyRecord(lab, { ...row.trace, since, client: clientOf(row, client, agent.address4) })
  }
  return planSays(lab, {
    client,
    ...row.trace,
    ...(row.port === undefined ? {} : { port: row.port }),
    ...(row.protocol === undefined ? {} : { protocol: row.protocol }),
  })
}

/** Names are asked for over IPv4, whatever family of address is wanted. */
const clientOf = (row: Row, client: string, client4: string) =>
  row.trace.name !== undefined && row.trace.address === undefined ? client4 : client

function describeEvidence(why: Evidence | undefined): string {
  if (why === undefined) return 'no record'
  const label = why.label === undefined ? '' : ` [${why.label}]`
  return [`${why.reason}${label}`, ...(why.rule === undefined ? [] : [why.rule])].join('\n')
}
