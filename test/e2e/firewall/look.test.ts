import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import { liveRuleset, readCounters } from '../../../src/firewall/index.ts'
import { FirewallLab } from '../support/firewall.ts'
import { firewallPlan } from '../support/firewall-plan.ts'
import { Namespace } from '../support/netns.ts'

const sockets = (): string[] =>
  readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return []
      }
    })
    .filter((target) => target.startsWith('socket:'))

describe('looking at the ruleset', () => {
  let lab: FirewallLab
  before(async () => {
    lab = new FirewallLab()
    await lab.commit(firewallPlan())
  })
  after(() => lab.dispose())

  it('closes no socket, because closing one keeps transactions waiting', () => {
    lab.topology.gateway.inside(() => {
      liveRuleset()
      const first = sockets()
      readCounters()
      liveRuleset()
      assert.deepEqual(sockets(), first)
    })
  })

  it('sees the network namespace that it is in, wherever it looked before', () => {
    using other = new Namespace('other')
    const seen = [lab.topology.gateway, other, lab.topology.gateway].map((each) =>
      each.inside(() => liveRuleset().present),
    )
    assert.deepEqual(seen, [true, false, true])
  })
})
