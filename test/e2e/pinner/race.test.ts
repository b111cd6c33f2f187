import assert from 'node:assert/strict'
import { TYPE } from '../../../src/dns/message/index.ts'
import type { Plan } from '../../../src/plan/types.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import type { Agent } from '../support/pinner/agent.ts'
import { address, NameServerDouble } from '../support/pinner/name-server.ts'
import { NAME_SERVER, PinnerRig } from '../support/pinner/rig.ts'

const POLICY = { version: 1, allow: { domains: ['*.race.test'], ports: [443] } }
const NAMES = 1_500

/** `n7-3.race.test` has addresses of its own. */
function addressOf(name: string, type: number): string {
  const [, high, low] = /^n(\d+)-(\d+)\./.exec(name)!
  return type === TYPE.A ? `45.45.${high}.${low}` : `2a45::${high}:${low}`
}

const names = (first: number) =>
  Array.from({ length: NAMES }, (_, i) => `n${(first + (i >> 7)) % 256}-${1 + (i & 127)}.race.test`)

describe('The first connection after an answer', function () {
  this.timeout(180_000)
  let rig: PinnerRig
  let plan: Plan
  let upstream: NameServerDouble
  let agents: Agent[]
  let ttl = 300

  before(async () => {
    rig = PinnerRig.open()
    upstream = await NameServerDouble.start(NAME_SERVER.address, NAME_SERVER.port)
    upstream.fallback = (name, type) =>
      type === TYPE.A || type === TYPE.AAAA ? { answers: [address(name, addressOf(name, type), ttl)] } : {}
    plan = rig.plan(POLICY, { pinSlack: 5 })
    await rig.start(plan)
    await rig.internet()
    agents = [await rig.agent('client1'), await rig.agent('client2')]
  })

  after(async () => {
    upstream?.stop()
    await rig?.close()
  })

  /** Resolves, asking once more as resolvers of clients do, and connects; no connection may be refused. */
  const run = async (which: string[], type: number, retries = 1) => {
    const [one, two] = [agents[0]!, agents[1]!]
    const half = which.length / 2
    const resolvers = type === TYPE.A ? ['10.77.1.1', '10.77.2.1'] : ['fd77:1::1', 'fd77:2::1']
    const task = { type, port: 443, parallel: 12, retries }
    const results = await Promise.all([
      one.firstConnect({ ...task, resolver: resolvers[0]!, names: which.slice(0, half) }),
      two.firstConnect({ ...task, resolver: resolvers[1]!, names: which.slice(half) }),
    ])
    if (results.some((each) => each.unanswered.length > 0)) console.log(JSON.stringify(await rig.pinner.metrics()))
    assert.deepEqual(
      results.flatMap((result) => [...result.refused, ...result.unanswered]),
      [],
    )
    return results.reduce((sum, result) => sum + result.connected, 0)
  }

  it(`is never refused: ${NAMES} names over IPv4 with a long TTL`, async () => {
    assert.equal(await run(names(0), TYPE.A), NAMES)
  })

  it(`is never refused: ${NAMES} names over IPv6 with a TTL of one second`, async () => {
    ttl = 1
    assert.equal(await run(names(20), TYPE.AAAA), NAMES)
  })

  it('is never refused while the ruleset is replaced again and again', async () => {
    let running = true
    const reloads = (async () => {
      let count = 0
      for (; running; count++) await rig.loadRuleset(plan)
      return count
    })()
    const connected = await run(names(40), TYPE.A)
    running = false
    assert.ok((await reloads) > 5)
    assert.equal(connected, NAMES)
  })

  it('is never refused when the pinner is killed: names fail for a while instead', async () => {
    const connecting = run(names(60), TYPE.A, 100)
    await until('some names are resolved', 15_000, () => upstream.count('n60-50.race.test') > 0)
    await rig.killPinner()
    await rig.startPinner()
    assert.equal(await connecting, NAMES)
  })
})
