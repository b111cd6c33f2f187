import assert from 'node:assert/strict'
import { parseAddress } from '../../../src/base/address.ts'
import { PolicyState } from '../../../src/pinner/policy/policy-state.ts'
import { loadedPlan, NO_NETWORKS, stateWith } from './plan-fixture.ts'

describe('The Plans in force', () => {
  it('refuse everything while there is none', () => {
    const state = new PolicyState(NO_NETWORKS)
    assert.deepEqual(
      [state.judge('default', 'a.test').reason, state.denied('default', 'a.test')],
      ['policy.closed', true],
    )
    assert.equal(state.judgeAddress('default', Uint8Array.of(45, 1, 1, 1)).pinnable, false)
  })

  it('refuse everything while the staged one cannot be read', () => {
    const state = new PolicyState(NO_NETWORKS)
    state.set(loadedPlan({ domains: ['a.test'] }), 'unreadable')
    assert.equal(state.judge('default', 'a.test').allowed, false)
    assert.equal(state.judgeAddress('default', Uint8Array.of(45, 1, 1, 1)).pinnable, false)
  })

  it('allow in a commit what both allow, in the classes of both', () => {
    const state = stateWith({ domains: ['a.test', 'old.test'] }, { domains: ['a.test', 'new.test'] })
    assert.deepEqual(
      ['a.test', 'old.test', 'new.test'].map((name) => state.judge('default', name).allowed),
      [true, false, false],
    )
    assert.equal(state.judge('default', 'a.test').moving, false)
    const moving = stateWith({ domains: ['a.test'] }, { domains: [{ name: 'a.test', ports: [8443] }] })
    assert.deepEqual(moving.judge('default', 'a.test'), {
      ...moving.active!.judge('default', 'a.test'),
      classKeys: [],
      moving: true,
    })
  })

  it('refuse in a group that the other Plan does not have', () => {
    const state = stateWith({ domains: ['a.test'] })
    assert.equal(state.judge('nobody', 'a.test').allowed, false)
    assert.equal(state.denied('nobody', 'a.test'), true)
  })

  it('let waiting answers go on when the commit ends, or when their time is over', async () => {
    const state = stateWith({ domains: ['a.test'] }, { domains: ['b.test'] })
    let woken = 0
    const wait = state.settled(AbortSignal.timeout(5_000)).then(() => woken++)
    const late = state.settled(AbortSignal.abort())
    await late
    assert.equal(woken, 0)
    state.set(state.active, undefined)
    await wait
    assert.equal(woken, 1)
  })

  it('keep the addresses this machine has now closed, unless they are listed', () => {
    const state = new PolicyState({ hold: () => true })
    state.set(loadedPlan({ domains: ['a.test'], ips: ['45.1.2.0/24'] }), undefined)
    assert.equal(state.judgeAddress('default', parseAddress('45.1.1.1')!).reason, 'dns.rebind')
    assert.equal(state.judgeAddress('default', parseAddress('45.1.2.1')!).pinnable, true)
  })
})
