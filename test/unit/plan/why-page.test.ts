import assert from 'node:assert/strict'
import { compilePlan, decide } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { settingsWith } from './settings.ts'

const policy = parsePolicy(Buffer.from('{"version":1,"deny":{"domains":["*.internal"]}}')).policy
const settings = { ...settingsWith(['10.0.0.0/24']), listenAddresses: ['10.0.0.1', 'fd00::1'] }
const plan = compilePlan(policy, { ...settings, whyPage: { name: 'clawgress.internal' } })
const reasonOf = (question: object) => decide(plan, question).reason

describe('the why page of the gateway, to decide()', () => {
  it('is allowed by its name whatever the policy says, on the ports of http and https alone', () => {
    assert.equal(reasonOf({ name: 'clawgress.internal' }), 'allow.gateway')
    assert.equal(reasonOf({ name: 'Clawgress.Internal', port: 443, protocol: 'tcp' }), 'allow.gateway')
    assert.equal(reasonOf({ name: 'clawgress.internal', address: 'fd00::1', port: 80 }), 'allow.gateway')
    assert.equal(reasonOf({ name: 'clawgress.internal', port: 22 }), 'net.gateway')
    assert.equal(reasonOf({ name: 'clawgress.internal', port: 443, protocol: 'udp' }), 'net.gateway')
    assert.equal(reasonOf({ name: 'other.internal' }), 'dns.denied')
  })

  it('is allowed by the addresses that it listens on, and by no other', () => {
    assert.equal(reasonOf({ address: '10.0.0.1', port: 80 }), 'allow.gateway')
    assert.equal(reasonOf({ address: '10.0.0.1', port: 5080 }), 'net.private')
    assert.equal(reasonOf({ address: '10.0.0.2', port: 80 }), 'net.private')
  })

  it('is an ordinary name where there is no page', () => {
    const without = compilePlan(policy, settings)
    assert.equal(decide(without, { name: 'clawgress.internal' }).reason, 'dns.denied')
  })
})
