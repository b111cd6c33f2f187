import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { parseAddress } from '../../../src/base/address.ts'
import {
  applyRuleset,
  checkRuleset,
  liveRuleset,
  NO_OBJECTS,
  PinWriter,
  pinSetName,
  printClosedRuleset,
  printRuleset,
  readLiveObjects,
  removeTable,
} from '../../../src/firewall/index.ts'
import type { Plan } from '../../../src/plan/types.ts'
import { CLIENT_NETWORKS, firewallPlan, prefixes, SSH, WEB } from '../../e2e/support/firewall-plan.ts'
import { Namespace } from '../../e2e/support/netns.ts'

const statics = [
  { prefix: prefixes('10.9.0.0/16')[0]!, classId: 1 },
  { prefix: prefixes('45.45.9.0/24')[0]!, classId: 0 },
  { prefix: prefixes('2a45:9::/48')[0]!, classId: 0 },
]
const FULL = {
  defaultGroup: { statics, denyPrefixes: prefixes('45.45.6.6/32', '2a45:6::/48') },
  secondGroup: {},
  settings: { clientNetworks: prefixes('10.77.0.0/16', 'fd77::/16'), whyPage: { name: 'clawgress.internal' } },
}

describe('the printed ruleset', () => {
  it('is as reviewed', () => {
    const text = printRuleset(firewallPlan(FULL), { mark: 1, live: NO_OBJECTS, networks: CLIENT_NETWORKS })
    assert.equal(text, golden('full.nft', text))
  })

  it('is as reviewed when closed', () => {
    const text = printClosedRuleset(firewallPlan().settings)
    assert.equal(text, golden('closed.nft', text))
  })
})

describe('the ruleset in the kernel', () => {
  let namespace: Namespace
  beforeEach(() => {
    namespace = new Namespace('rules')
  })
  afterEach(() => namespace.dispose())
  const load = async (text: string) => {
    await namespace.inside(() => checkRuleset(text))
    await namespace.inside(() => applyRuleset(text))
  }
  const commit = (plan: Plan, mark: number) =>
    load(printRuleset(plan, { mark, live: namespace.inside(readLiveObjects), networks: CLIENT_NETWORKS }))
  const live = () => namespace.inside(liveRuleset)
  const list = () => namespace.run('nft', 'list', 'ruleset')

  const generation = '0123456789abcdef'

  it('is taken, says which generation it is, and is whole', async () => {
    assert.deepEqual(live(), { present: false, intact: false, closed: false })
    await commit(firewallPlan(FULL), 1)
    assert.deepEqual(live(), { present: true, intact: true, closed: false, generation, mark: 1 })
  })

  it('is whole with every variant of settings', async () => {
    const variants: Parameters<typeof firewallPlan>[0][] = [
      {},
      { settings: { clientNetworks: prefixes('10.77.1.0/24') } },
      { settings: { denyAction: 'drop', keepEstablished: true } },
      { settings: { markMask: 0x00000700 } },
      { settings: { listenAddresses: ['10.77.1.1'] } },
      { secondGroup: { sources: prefixes('10.77.2.0/24', '10.0.0.0/8') } },
      { defaultGroup: { classIds: [] } },
    ]
    for (const [index, variant] of variants.entries()) {
      await commit(firewallPlan(variant), index + 1)
      assert.deepEqual(live(), { present: true, intact: true, closed: false, generation, mark: index + 1 })
    }
  })

  it('keeps pins of classes that stay and drops sets, chains and counters of what is gone', async () => {
    const group = firewallPlan().groups[0]!
    await commit(firewallPlan(FULL), 1)
    const pins = namespace.inside(() => new PinWriter())
    const address = parseAddress('45.45.1.1')!
    pins.refresh([WEB, SSH].map((cls) => ({ set: pinSetName(group, cls, 4), address, timeoutMs: 600_000 })))
    pins.close()
    await commit(firewallPlan({ defaultGroup: { classIds: [0] } }), 2)
    const text = list()
    assert.match(text, /set pin4_default_0000aaaa \{[^}]*45\.45\.1\.1 timeout 10m/)
    assert.doesNotMatch(text, /0000bbbb|feed0002|45\.45\.9\.0|by_source|served/)
    assert.deepEqual(live(), { present: true, intact: true, closed: false, generation, mark: 2 })
  })

  it('does not load a list again that has not changed', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({
      prefix: prefixes(`45.${i >> 8}.${i & 255}.0/25`)[0]!,
      classId: 0,
    }))
    const plan = firewallPlan({ defaultGroup: { statics: many } })
    await commit(plan, 1)
    const again = printRuleset(plan, { mark: 2, live: namespace.inside(readLiveObjects) })
    assert.ok(again.length < 20_000)
    await load(again)
    assert.match(list(), /45\.19\.135\.0\/25/)
    assert.equal(live().intact, true)
  })

  it('is refused as a whole when lists that it builds on have gone', async () => {
    await commit(firewallPlan(FULL), 1)
    const text = printRuleset(firewallPlan(FULL), { mark: 2, live: namespace.inside(readLiveObjects) })
    await namespace.inside(removeTable)
    await assert.rejects(load(text), /apply\.check/)
    assert.equal(live().present, false)
  })

  it('gives way to the closed one and comes back, with the pins that were live', async () => {
    const plan = firewallPlan(FULL)
    await commit(plan, 1)
    const pins = namespace.inside(() => new PinWriter())
    const set = pinSetName(plan.groups[0]!, WEB, 6)
    pins.refresh([{ set, address: parseAddress('2a45::1')!, timeoutMs: 600_000 }])
    pins.close()
    await load(printClosedRuleset(plan.settings, namespace.inside(readLiveObjects)))
    assert.deepEqual(live(), { present: true, intact: true, closed: true })
    await commit(plan, 2)
    assert.deepEqual(live(), { present: true, intact: true, closed: false, generation, mark: 2 })
    assert.match(list(), /2a45::1 timeout 10m/)
  })

  for (const [damage, command] of [
    ['a flushed chain', 'flush chain inet clawgress pinned.default'],
    ['a flushed base chain', 'flush chain inet clawgress forward'],
    ['a flushed table', 'flush table inet clawgress'],
    ['an added rule', 'insert rule inet clawgress forward accept'],
    ['a changed policy', 'chain inet clawgress forward { policy accept; }'],
    ['a dormant table', 'add table inet clawgress { flags dormant; }'],
  ] as const) {
    it(`is seen to be broken after ${damage}`, async () => {
      await commit(firewallPlan(FULL), 1)
      namespace.run('nft', command)
      assert.equal(live().present, true)
      assert.equal(live().intact, false)
    })
  }

  it('is put right by loading it again, whatever was done to it', async () => {
    await commit(firewallPlan(FULL), 1)
    namespace.run(
      'nft',
      'flush table inet clawgress; table inet clawgress { chain foreign { accept; }\n set odd { type mark; }\n}',
    )
    await commit(firewallPlan(FULL), 2)
    assert.equal(live().intact, true)
    assert.doesNotMatch(list(), /foreign|odd/)
  })

  it('can be removed, also when it is not there', async () => {
    await commit(firewallPlan(FULL), 1)
    await namespace.inside(removeTable)
    assert.equal(live().present, false)
    await namespace.inside(removeTable)
  })

  it('leaves other tables alone', async () => {
    namespace.run(
      'nft',
      'table ip vyos_filter { chain forward { type filter hook forward priority 0; policy accept; }\n}',
    )
    const before = list()
    await commit(firewallPlan(FULL), 1)
    await commit(firewallPlan(), 2)
    await namespace.inside(removeTable)
    assert.equal(list(), before)
  })

  it('is refused with a sentence when the kernel does not take it', async () => {
    await assert.rejects(
      namespace.inside(() => checkRuleset('table inet clawgress { chain a { jump nowhere; }\n}\n')),
      {
        message: /nft refused the generated ruleset: .*\(apply\.check\)/,
      },
    )
  })
})

/** Contents of the golden file, which `UPDATE_GOLDEN=1` writes anew. */
function golden(name: string, actual: string): string {
  const file = new URL(`../../data/firewall/${name}`, import.meta.url)
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, actual)
  return readFileSync(file, 'utf8')
}
