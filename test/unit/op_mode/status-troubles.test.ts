import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parsePrefix } from '../../../src/base/address.ts'
import { recentAlerts } from '../../../src/op_mode/alerts.ts'
import type { PinnerFacts } from '../../../src/op_mode/pins.ts'
import type { StatusFacts } from '../../../src/op_mode/status/status-facts.ts'
import { findTroubles } from '../../../src/op_mode/status/status-troubles.ts'
import { compilePlan } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { IDLE_DAEMON } from '../../support/idle-daemon.ts'
import { testSettings } from '../daemon/settings.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const { policy } = parsePolicy(Buffer.from('{"version":1,"allow":{"domains":["a.example.org"]}}'))
const plan = compilePlan(policy, testSettings, { policyFile: '/config/policy.json' })
const NONE = { packets: 0, bytes: 0 }

const WELL: StatusFacts = {
  plan,
  since: new Date(),
  ruleset: { present: true, intact: true, closed: false, generation: plan.generation, mark: 1 },
  counters: { denied: {}, logged: NONE, notLogged: NONE },
  units: [{ name: 'clawgress-named', description: 'Clawgress name server', state: 'running', restarts: 0 }],
  pins: { answers: 0, addresses: 0, nameServers: [], ready: true, generation: plan.generation, problems: [] },
  daemon: { ...IDLE_DAEMON, generation: plan.generation },
  policyFile: 'same',
  isApplying: false,
  unconfirmedUntil: undefined,
  alerts: [],
}

describe('the status', () => {
  it('finds nothing wrong where nothing is', () => {
    assert.deepEqual(findTroubles(WELL), [])
  })

  it('finds nothing wrong where a family is not tracked that no client uses', () => {
    assert.deepEqual(findTroubles({ ...WELL, untracked: [{ family: 6, interfaces: ['eth0'] }] }), [])
  })

  const open = { present: true, intact: true, closed: false, generation: plan.generation, mark: 1 }
  const PINS = { answers: 0, addresses: 0, nameServers: [], ready: true, problems: [] }
  const judging = (facts: Partial<PinnerFacts>): PinnerFacts => ({ ...PINS, generation: plan.generation, ...facts })
  const cases: readonly (readonly [what: string, facts: Partial<StatusFacts>, expected: RegExp])[] = [
    [
      'the table is missing',
      { ruleset: { ...open, present: false } },
      /"inet clawgress" is missing.*restart clawgress/,
    ],
    ['the table was changed', { ruleset: { ...open, intact: false } }, /changed by another program.*restart clawgress/],
    ['the gateway is closed', { ruleset: { present: true, intact: true, closed: true } }, /everything .* is denied/],
    ['the kernel carries another generation', { ruleset: { ...open, generation: 'x' } }, /generation x, but .* proven/],
    ['the kernel does not answer', { ruleset: { unknown: 'No rights.' } }, /could not be looked at: No rights\./],
    [
      'packets of a family that clients use are not tracked',
      { untracked: [{ family: 6, interfaces: plan.settings.clientInterfaces }] },
      /takes all IPv6 packets out of connection tracking.*state-policy/,
    ],
    [
      'packets of clients in a network are not tracked',
      {
        plan: { ...plan, settings: { ...plan.settings, clientNetworks: [parsePrefix('10.9.0.0/16')!] } },
        untracked: [{ family: 4, interfaces: [] }],
      },
      /takes all IPv4 packets out/,
    ],
    [
      'packets of both families are not tracked',
      { untracked: ([4, 6] as const).map((family) => ({ family, interfaces: plan.settings.clientInterfaces })) },
      /takes all packets out/,
    ],
    ['an apply was interrupted', { isApplying: true }, /commit again/],
    [
      'a name server does not answer',
      {
        pins: judging({
          nameServers: [
            {
              ...{ address: '9.9.9.9', port: 853, tlsHostname: 'dns.quad9.net', healthy: true },
              ...{ asked: 2, failed: 2, failuresInRow: 2, lastError: 'self-signed certificate' },
            },
          ],
        }),
      },
      /9\.9\.9\.9, over TLS as dns\.quad9\.net, has not answered the last 2 questions \(self-signed certificate\)/,
    ],
    ['the policy file is gone', { policyFile: 'missing' }, /\/config\/policy\.json is gone; .* stays live/],
    ['the policy file was edited', { policyFile: 'changed' }, /clawgress policy import \/config\/policy\.json/],
    [
      'a service is down',
      {
        units: [
          { name: 'clawgress-pinner', description: '', state: 'waiting', restarts: 3, lastExit: 'signal SIGKILL' },
        ],
      },
      /clawgress-pinner is waiting\. It ended last with signal SIGKILL\. .*nothing unlisted gets out/,
    ],
    [
      'the pinner runs and does not answer',
      {
        pins: { unknown: 'The service clawgress-pinner does not answer (timeout).' },
        units: [{ name: 'clawgress-pinner', description: '', state: 'running', restarts: 0 }],
      },
      /clawgress-pinner does not answer \(timeout\)\. Enter "restart clawgress"\.$/,
    ],
    [
      'the pinner judges by another generation',
      { pins: judging({ generation: 'x' }) },
      /generation x, but .*ommit again/,
    ],
    [
      'the pinner has no policy',
      { pins: { ...PINS, ready: false, problems: ['No policy is loaded: every name is refused.'] } },
      /^The pinner judges by no policy.*ommit again/,
    ],
    [
      'a commit left something staged',
      { pins: judging({ stagedGeneration: 'y' }) },
      /expects generation y.*ommit again/,
    ],
    [
      'the pinner is not ready',
      { pins: judging({ ready: false, problems: ['The staged policy cannot be read. Commit again.'] }) },
      /^The pinner is not ready: The staged policy cannot be read\. Commit again\.$/,
    ],
    [
      'the pinner is not ready since the table is missing',
      {
        ruleset: { ...open, present: false },
        pins: judging({ ready: false, problems: ['The kernel does not have our table: no address can be opened.'] }),
      },
      /"inet clawgress" is missing/,
    ],
    [
      'the pinner is between two generations during an apply',
      { isApplying: true, pins: judging({ stagedGeneration: 'y' }) },
      /A change is being applied/,
    ],
    ['the daemon does not answer', { daemon: undefined }, /clawgressd does not answer/],
    ['the disk was full', { daemon: { ...WELL.daemon!, lost: { ...WELL.daemon!.lost, disk: 7 } } }, /^7 records/],
    [
      'the limits left packets out',
      { counters: { denied: {}, logged: NONE, notLogged: { packets: 9, bytes: 0 } } },
      /^9 .* limit/,
    ],
    ['an import waits for confirmation', { unconfirmedUntil: '2026-11-22T18:00:00Z' }, /unless it is confirmed/],
    [
      'the guard raised an alert',
      { alerts: [{ time: 't', message: 'The table is back.' }] },
      /^t: The table is back\.$/,
    ],
  ]
  for (const [what, facts, expected] of cases) {
    it(`says so in one sentence and what to do, when ${what}`, () => {
      const troubles = findTroubles({ ...WELL, ...facts })
      assert.equal(troubles.length, 1, troubles.join('\n'))
      assert.match(troubles[0]!, expected)
    })
  }
})

describe('alerts', () => {
  const folder = tempFolder()

  it('of the last hour are read, and lines that are none are passed over', () => {
    const path = join(folder(), 'alerts', 'alerts.jsonl')
    assert.deepEqual(recentAlerts(path, 0), [])
    mkdirSync(join(folder(), 'alerts'))
    const at = (time: string, message: string) =>
      JSON.stringify({ schema: 'clawgress.alert/1', time, event: 'x', message })
    writeFileSync(path, `${at('2026-11-22T10:00:00Z', 'old')}\nnonsense\n${at('2026-11-22T11:30:00Z', 'new')}\n`)
    assert.deepEqual(recentAlerts(path, Date.parse('2026-11-22T12:00:00Z')), [
      { time: '2026-11-22T11:30:00Z', message: 'new' },
    ])
  })
})
