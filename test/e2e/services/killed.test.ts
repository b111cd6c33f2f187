import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { runtimePaths } from '../../../src/base/layout.ts'
import { services, UNIT_NAMES } from '../../../src/services/index.ts'
import { poolHost } from '../../../src/standalone/lab/internet/addresses.ts'
import { AgentWorker, type HammerCounts } from '../support/agent-worker/index.ts'
import { mustCommit } from '../support/commits.ts'
import { CONTENT, until, useLab } from '../support/lab.ts'
import {
  addressesOf,
  assertNothingLeaked,
  assertNothingUnlisted,
  assertReachable,
  DENIED_NAMES,
  DENIED_TARGETS,
  policyOf,
} from '../support/reach.ts'

const LISTED = ['api.openai.com', ...Array.from({ length: 8 }, (_, i) => `h${i + 10}.pool.net`)]
const LISTED_ADDRESSES = addressesOf(CONTENT.openai, ...Array.from({ length: 8 }, (_, i) => poolHost(i + 10)))

/** Until a killed program does its work again, milliseconds. */
const BACK_MS = 2000
/** Longest that an agent may be left without an answer, milliseconds. */
const ANSWER_MS = 2000

describe('a program of the gateway that is killed', () => {
  const lab = useLab()
  let worker: AgentWorker
  let flood: AgentWorker

  before(async () => {
    worker = new AgentWorker(lab().agent(1))
    flood = new AgentWorker(lab().agent(2))
    await lab().gateway.write('/config/policy.json', policyOf(...LISTED))
    await mustCommit(lab())
    await assertReachable(worker, LISTED)
  })
  after(async () => {
    await worker?.[Symbol.asyncDispose]()
    await flood?.[Symbol.asyncDispose]()
  })

  const unitStatus = async (name: string) => {
    const all = await services(lab().gateway.layout).status()
    return all.find((unit) => unit.name === name)!
  }

  /** Does something under a flood of denied names and packets, and of listed names; nothing may leak or hang. */
  async function underFlood(work: () => Promise<void>, isAnswered = true): Promise<void> {
    await lab().internet.forget()
    await flood.hammer({
      allowed: LISTED,
      denied: DENIED_NAMES,
      changing: [],
      // The kernel limits how often it sends ICMP errors to one host, so datagrams of a flood are refused in silence.
      deniedTargets: DENIED_TARGETS.filter(({ protocol }) => protocol !== 'udp'),
      port: 443,
      lanes: 6,
      pauseMs: 5,
    })
    let counts: HammerCounts
    try {
      await work()
    } finally {
      counts = await flood.rest()
    }
    await assertNothingLeaked(lab(), LISTED_ADDRESSES)
    const { unlistedAnswers, unlistedConnections, hangs } = counts
    assert.deepEqual([unlistedAnswers, unlistedConnections], [0, 0], counts.details.join('\n'))
    assert.ok(counts.deniedAnswers > 0 && counts.connections > 0)
    if (!isAnswered) return
    assert.equal(hangs, 0, counts.details.join('\n'))
    assert.ok(counts.slowestAnswerMs <= ANSWER_MS, `an agent waited ${counts.slowestAnswerMs} ms for an answer`)
  }

  for (const name of UNIT_NAMES) {
    it(`is back within two seconds, and nothing leaks or hangs meanwhile: ${name}`, async () => {
      await underFlood(async () => {
        const { pid } = await unitStatus(name)
        const killed = performance.now()
        process.kill(pid!, 'SIGKILL')
        await until(`${name} is back`, BACK_MS, async () => {
          const now = await unitStatus(name)
          return now.state === 'running' && now.pid !== pid
        })
        const tookMs = performance.now() - killed
        assert.ok(tookMs <= BACK_MS, `${name} took ${Math.round(tookMs)} ms`)
        await until('listed names are answered again', BACK_MS, async () => {
          const answers = await worker.ask(LISTED)
          return answers.every(({ addresses }) => addresses.length > 0)
        })
      })
      await assertReachable(worker, LISTED)
    })
  }

  it('takes the others with it if it is the supervisor: nothing unlisted gets out, and a commit brings all back', async () => {
    const lock = join(lab().gateway.layout.run, 'supervisor.lock')
    const open = LISTED_ADDRESSES.map((address) => ({ address, port: 443 }))
    await assertReachable(worker, LISTED)
    await underFlood(async () => {
      process.kill(Number(readFileSync(lock, 'utf8')), 'SIGKILL')
      await until(
        'named has ended',
        BACK_MS,
        async () => (await worker.ask(['h1.pool.net'], 100))[0]!.status !== 'NXDOMAIN',
      )
      for (const { outcome, address } of await worker.connect(open)) assert.equal(outcome, 'open', address)
      for (const { outcome, address } of await worker.connect(DENIED_TARGETS)) assert.notEqual(outcome, 'open', address)
      await mustCommit(lab())
      const states = (await services(lab().gateway.layout).status()).map(({ name, state }) => [name, state])
      assert.deepEqual(
        states,
        UNIT_NAMES.map((name) => [name, 'running']),
      )
      await assertReachable(worker, LISTED)
      await assertNothingUnlisted(worker)
    }, false)
  })

  for (const command of ['delete table inet clawgress', 'flush ruleset', 'flush table inet clawgress']) {
    it(`as the ruleset is by "nft ${command}": default deny within a second, listed names soon after`, async () => {
      const { alerts } = runtimePaths(lab().gateway.layout)
      const alertCount = () => alertEvents(alerts).length
      const before = alertCount()
      await lab().gateway.exec(['nft', ...command.split(' ')])
      const removed = performance.now()
      const unlisted = addressesOf(CONTENT.raw).map((address) => ({ address, port: 443 }))
      const outcomes = async () => (await worker.connect(unlisted, 150)).map(({ outcome }) => outcome)
      await until('unlisted addresses are denied again', 1000, async () => !(await outcomes()).includes('open'))
      assert.ok(performance.now() - removed <= 1000)
      await until('unlisted addresses are refused again', 1000, async () =>
        (await outcomes()).every((outcome) => outcome === 'refused'),
      )
      await until('listed names open again', 3000, async () => {
        const answers = await worker.ask(LISTED)
        const targets = answers.flatMap(({ addresses }) => addresses.map((address) => ({ address, port: 443 })))
        return (
          targets.length >= 2 * LISTED.length &&
          (await worker.connect(targets)).every(({ outcome }) => outcome === 'open')
        )
      })
      await assertNothingUnlisted(worker)
      await until('an alert is written', 2000, () => alertCount() > before)
      assert.equal(alertEvents(alerts).at(-1), 'table.restored')
    })
  }
})

const alertEvents = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { event: string }).event)
  } catch {
    return []
  }
}
