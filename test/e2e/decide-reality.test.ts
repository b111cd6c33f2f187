import assert from 'node:assert/strict'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { runtimePaths } from '../../src/base/layout.ts'
import { compilePlan, loadPlan } from '../../src/plan/index.ts'
import { parsePolicy } from '../../src/policy/index.ts'
import { AGENTS } from '../../src/standalone/lab/topology.ts'
import type { OraclePolicy } from '../unit/plan/oracle.ts'
import { AgentWorker } from './support/agent-worker/index.ts'
import { mustImport } from './support/commits.ts'
import { type Lab, until, useLab } from './support/lab.ts'
import { type Comparison, compare } from './support/reality/compare.ts'
import { Judge } from './support/reality/judge.ts'
import { askAll, gather, type Observed, tryAll } from './support/reality/observe.ts'
import { ExpectedPins } from './support/reality/pins.ts'
import { randomPolicy } from './support/reality/policies.ts'
import { randomQuestion, randomTargets } from './support/reality/questions.ts'
import { Random } from './support/reality/random.ts'

const SEED = Number(process.env.CLAWGRESS_TEST_SEED ?? 20_260)
const POLICIES = 10
const QUESTIONS = 72
/** Milliseconds in which the same attempt of one client counts as one, and a question whoever asks it. */
const JOINED_ATTEMPTS = 5_000
const JOINED_QUESTIONS = 2_000

const wide = (prefix: string) => ({ prefix, wide: true })
const whole = (name: string) => ({ name, public_suffix: true })
const EVERYTHING: OraclePolicy = {
  version: 1,
  allow: {
    domains: ['com', 'org', 'net', 'ai', 'io', 'invalid'].map((top) => whole(`*.${top}`)),
    ips: ['0.0.0.0/0', '::/0'].map(wide),
    ports: ['1-65535'],
  },
}

describe('decide(), its naive oracle, named and the kernel', function () {
  this.timeout(60_000)
  const lab = useLab({ version: 1 })
  const random = new Random(SEED)
  const pins = new ExpectedPins()
  const total: Comparison = { answers: 0, flows: 0, records: 0, disagreements: [] }
  const workers: AgentWorker[] = []
  const triedAt = [0, 0]
  let askedAt = 0
  let asked = 0
  let last: Observed
  let judged: Judge

  before(() => {
    workers.push(new AgentWorker(lab().agent(1)), new AgentWorker(lab().agent(2)))
  })
  after(async () => {
    for (const worker of workers) await worker[Symbol.asyncDispose]()
    const { answers, flows, records } = total
    console.log(
      `      compared ${answers} answers, ${flows} flows and ${records} records under ${POLICIES} policies, ` +
        `and ${asked} decisions with the oracle's (seed ${SEED})`,
    )
  })

  for (let turn = 0; turn < POLICIES; turn++) {
    it(`agree under random policy ${turn + 1}`, async () => {
      const policy = randomPolicy(random)
      const judge = await putIntoForce(lab(), policy)
      pins.settle(judge)
      last = await observe(lab(), judge, turn % 2)
      const found = compare(last, judge, pins)
      total.answers += found.answers
      total.flows += found.flows
      total.records += found.records
      asked += judge.asked
      assert.deepEqual(found.disagreements, [], `seed ${SEED}, policy ${JSON.stringify(policy)}`)
    })
  }

  /** Lets one agent ask and connect, and waits until all of it must have been seen and recorded. */
  async function observe(lab: Lab, judge: Judge, index: number): Promise<Observed> {
    const worker = workers[index]!
    const number = index === 0 ? 1 : 2
    const { v4, v6 } = AGENTS[number]
    const neighbour = AGENTS[number === 1 ? 2 : 1]
    const isNew = () => Date.now() > Math.max(triedAt[index]! + JOINED_ATTEMPTS, askedAt + JOINED_QUESTIONS)
    await until('everything is told anew', JOINED_ATTEMPTS + 1_000, isNew)
    const skip = (await lab.gateway.records()).length
    await lab.internet.forget()
    const before = pins.addresses()
    const questions = Array.from({ length: QUESTIONS }, () => randomQuestion(random, worker.servers))
    const answers = await askAll(worker, questions)
    askedAt = Date.now()
    for (const { name, type, addresses } of answers) pins.told(name, type, addresses)
    const told = answers.flatMap(({ addresses }) => addresses)
    const neighbours = [neighbour.v4, neighbour.v6, neighbour.gateway4, neighbour.gateway6]
    const packets = await tryAll(worker, randomTargets(random, told, before, neighbours))
    triedAt[index] = Date.now()
    const seen = { client: { v4, v6 }, answers, packets }
    const isComplete = (more: Pick<Observed, 'arrived' | 'records'>) =>
      compare({ ...seen, ...more }, new Judge(judge.plan, judge.policy), pins).disagreements.length === 0
    return { ...seen, ...(await gather(lab, number, skip, isComplete)) }
  }

  it('would not agree if names, packets or records were judged by another policy', () => {
    const told = (policy: OraclePolicy) => {
      const { settings } = judged.plan
      const plan = compilePlan(parsePolicy(Buffer.from(JSON.stringify(policy))).policy, settings, {})
      return compare(last, new Judge(plan, policy), new ExpectedPins()).disagreements.join('\n')
    }
    const closed = told({ version: 1 })
    assert.match(closed, /: NOERROR \[.+\], expected NXDOMAIN \[\]/)
    assert.match(closed, / passed, expected net\.not-pinned/)
    assert.match(closed, /: recorded as /)
    const open = told(EVERYTHING)
    assert.match(open, /: NXDOMAIN \[\], expected NOERROR \[.+\]/)
    assert.match(open, / was refused, expected allow\.address/)
  })

  async function putIntoForce(lab: Lab, policy: OraclePolicy): Promise<Judge> {
    await mustImport(lab, policy)
    judged = new Judge(loadPlan(join(realpathSync(runtimePaths(lab.gateway.layout).current), 'plan')), policy)
    return judged
  }
})
