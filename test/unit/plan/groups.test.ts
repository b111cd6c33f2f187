import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAddress } from '../../../src/base/address.ts'
import {
  compilePlan,
  decide,
  FlatNameIndex,
  type Group,
  groupOf,
  judgeAddress,
  loadPlan,
  type NameList,
  type Plan,
  writePlan,
} from '../../../src/plan/index.ts'
import { KIND, NameTableBuilder, parsePolicy } from '../../../src/policy/index.ts'
import { prefix, settingsWith } from './settings.ts'

function table(entries: [string, (typeof KIND)[keyof typeof KIND], number][]) {
  const builder = new NameTableBuilder()
  entries.forEach(([name, kind, attribute], position) => {
    builder.add(name, kind, attribute, position)
  })
  return builder.finish()
}

/** Everybody shares one list; research adds its own, with other default ports; the lab denies part of the shared. */
function threeGroups(): Plan {
  const shared = table([
    ['example.org', KIND.allow, 0],
    ['example.org', KIND.allowBelow, 1],
    ['bad.example.org', KIND.deny, 0],
  ])
  const research = table([['data.example.net', KIND.allow, 0]])
  const lab = table([
    ['www.example.org', KIND.deny, 0],
    ['git.example.org', KIND.allow, 0],
  ])
  const none = [undefined]
  const list = (one: NameList['table'], classOf: number[], labels: NameList['labels'] = none): NameList => {
    return { table: one, origin: 'file', classOf, labels }
  }
  const range = (first: number) => [{ first, last: first }]
  const base = compilePlan(parsePolicy(Buffer.from('{"version":1}')).policy, settingsWith())
  const group = (id: number, name: string, sources: string[], more: Partial<Group>): Group => ({
    ...base.groups[0]!,
    ...more,
    id,
    name,
    key: id === 0 ? 'default' : `0000000${id}`,
    sources: sources.map(prefix),
  })
  return {
    ...base,
    classes: [
      { id: 0, key: '00000000', tcp: range(443), udp: range(443) },
      { id: 1, key: '11111111', tcp: range(22), udp: [] },
      { id: 2, key: '22222222', tcp: range(8080), udp: [] },
    ],
    groups: [
      group(0, 'default', [], { classIds: [0, 1] }),
      group(1, 'research', ['10.20.0.0/16', '2001:db8:20::/48'], {
        classIds: [0, 1, 2],
        statics: [{ prefix: prefix('10.99.0.0/24'), classId: 2 }],
      }),
      group(2, 'lab', ['10.20.5.0/24', '2001:db8:20:5::/64'], {
        classIds: [0, 1],
        denyPrefixes: [prefix('9.9.9.0/24')],
      }),
    ],
    names: new FlatNameIndex([
      [list(shared, [0, 1], [undefined, 'wild'])],
      [list(shared, [2, 1]), list(research, [2])],
      [list(lab, [1]), list(shared, [0, 1])],
    ]),
  }
}

const CLIENTS = {
  default: ['10.30.0.1', '2001:db8:30::1'],
  research: ['10.20.4.1', '2001:db8:20:4::1'],
  lab: ['10.20.5.1', '2001:db8:20:5::1'],
}

describe('a Plan of three groups', () => {
  const plan = threeGroups()

  it('gives a client to the group with the longest source prefix, in both families', () => {
    for (const [name, clients] of Object.entries(CLIENTS)) {
      for (const client of clients) assert.equal(groupOf(plan, parseAddress(client)!).name, name)
    }
    assert.equal(groupOf(plan).name, 'default')
  })

  it('judges the same name differently for each of them', () => {
    const reasons = (name: string, port?: number) =>
      Object.values(CLIENTS).map(
        ([client]) => decide(plan, { client: client!, name, ...(port === undefined ? {} : { port }) }).reason,
      )
    assert.deepEqual(reasons('www.example.org'), ['allow.name', 'allow.name', 'dns.denied'])
    assert.deepEqual(reasons('bad.example.org'), ['dns.denied', 'dns.denied', 'dns.denied'])
    assert.deepEqual(reasons('data.example.net'), ['dns.not-allowed', 'allow.name', 'dns.not-allowed'])
    assert.deepEqual(reasons('example.org', 443), ['allow.name', 'net.port', 'allow.name'])
    assert.deepEqual(reasons('example.org', 8080), ['net.port', 'allow.name', 'net.port'])
  })

  it('labels by the list of the group that asks', () => {
    assert.equal(plan.names.label(0, 'www.example.org'), 'wild')
    assert.equal(plan.names.label(1, 'www.example.org'), undefined)
  })

  it('names the rule of the first list of a group where two lists have the entry', () => {
    assert.deepEqual(plan.names.judge(2, 'git.example.org').rule, {
      path: '$.allow.domains[1]',
      text: 'git.example.org',
    })
    assert.deepEqual(plan.names.judge(2, 'git.example.org').classIds, [1])
  })

  it('lists the names of each group', () => {
    assert.deepEqual([...plan.names.allowEntries(1)], ['example.org', '*.example.org', 'data.example.net'])
    assert.deepEqual([...plan.names.denyEntries(2)], ['www.example.org', 'bad.example.org'])
    const visited: string[] = []
    plan.names.forEachAllow(1, (bytes, start, end, wildcard) => {
      visited.push(`${wildcard ? '*.' : ''}${Buffer.from(bytes.subarray(start, end)).toString()}`)
    })
    assert.deepEqual(visited, [...plan.names.allowEntries(1)])
    assert.equal(plan.names.allowCount, 4)
    assert.equal(plan.names.denyCount, 2)
  })

  it('opens and denies addresses for the one group that says so', () => {
    const pinnable = (address: string) => [0, 1, 2].map((id) => judgeAddress(plan, id, parseAddress(address)!).reason)
    assert.deepEqual(pinnable('10.99.0.5'), ['dns.rebind', 'allow.name', 'dns.rebind'])
    assert.deepEqual(pinnable('9.9.9.9'), ['allow.name', 'allow.name', 'net.denied'])
    assert.deepEqual(pinnable('10.20.5.77'), ['dns.rebind', 'dns.rebind', 'dns.rebind'])
    assert.deepEqual(judgeAddress(plan, 7, parseAddress('9.9.9.9')!), { pinnable: false, reason: 'dns.rebind' })
  })

  it('is written with each shared list once, and loaded as it was', () => {
    const dir = mkdtempSync(join(tmpdir(), 'clawgress-plan-'))
    try {
      writePlan(plan, dir)
      assert.deepEqual(readdirSync(dir).sort(), ['names-0.bin', 'names-1.bin', 'names-2.bin', 'plan.json'])
      const loaded = loadPlan(dir)
      for (const [client] of Object.values(CLIENTS)) {
        for (const name of ['www.example.org', 'data.example.net', 'example.org', 'other.example.com']) {
          assert.deepEqual(decide(loaded, { client: client!, name }), decide(plan, { client: client!, name }))
        }
      }
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})

describe('clients outside the client networks', () => {
  const plan = compilePlan(
    parsePolicy(Buffer.from('{"version":1,"allow":{"domains":["example.org"]}}')).policy,
    settingsWith([], ['10.20.0.0/16', '2001:db8:20::/48']),
  )

  it('are not served, whatever they ask', () => {
    for (const client of ['10.21.0.1', '2001:db8:21::1']) {
      assert.equal(decide(plan, { client, name: 'example.org' }).reason, 'net.unknown-client')
    }
    for (const client of ['10.20.0.1', '2001:db8:20::1']) {
      assert.equal(decide(plan, { client, name: 'example.org' }).reason, 'allow.name')
    }
  })

  it('are refused as addresses that a name leads to', () => {
    for (const address of ['10.20.0.9', '2001:db8:20::9']) {
      assert.equal(decide(plan, { name: 'example.org', address }).reason, 'dns.rebind')
    }
  })
})
