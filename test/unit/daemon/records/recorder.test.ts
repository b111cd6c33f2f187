import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { type Layout, layoutBelow, runtimePaths } from '../../../../src/base/layout.ts'
import { type DecisionRecord, decisionRecord } from '../../../../src/daemon/records/kinds/record.ts'
import type { LookUpNames } from '../../../../src/daemon/records/names-behind.ts'
import { Recorder } from '../../../../src/daemon/records/recorder.ts'
import { compilePlan, writePlan } from '../../../../src/plan/index.ts'
import { parsePolicy } from '../../../../src/policy/index.ts'
import { testSettings } from '../settings.ts'
import { tempFolder } from '../temp-folder.ts'

const POLICY = {
  version: 1,
  allow: { domains: ['api.openai.com', { name: 'git.example.org', ports: [22], label: 'git' }], ips: ['1.2.3.0/24'] },
  deny: { domains: ['ads.example.org'], ips: ['1.2.3.4'] },
  labels: { '198.18.0.0/15': 'benchmark' },
}

const packetLine = (fields: object = {}) =>
  `${JSON.stringify({
    'oob.prefix': 'cg:g=default;r=net.not-pinned',
    'oob.time.sec': Math.floor(Date.now() / 1000),
    'oob.in': 'c1',
    'oob.out': 'up',
    'ip.protocol': 6,
    src_port: 40000,
    dest_port: 443,
    src_ip: '10.77.0.2',
    dest_ip: '198.18.9.9',
    ...fields,
  })}\n`

const namedLine = (client: string, name: string, type = 'A') =>
  `${new Date().toISOString()} rpz: info: client @0x7f16 ${client}#4000 (${name}): view default: rpz QNAME NXDOMAIN rewrite ${name}/${type}/IN via ${name}.d\n`

describe('the recorder', () => {
  const folder = tempFolder()
  let number = 0
  let layout: Layout
  let recorder: Recorder

  const start = (lookUpNames: LookUpNames = async () => new Map()) =>
    new Recorder({ layout, lookUpNames, syslogCommand: () => ['cat'] })
  const records = (): DecisionRecord[] =>
    readFileSync(runtimePaths(layout).decisions, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => decisionRecord.parse(JSON.parse(line)))
  /** One round now, and one when everything is due. */
  const run = () => {
    while (recorder.step(Date.now()));
    recorder.step(Date.now() + 150)
  }
  const write = (source: 'nflogRecords' | 'namedDenials' | 'pinnerDenials', text: string) =>
    appendFileSync(runtimePaths(layout)[source], text)
  const activate = (policy: object) => {
    const plan = compilePlan(parsePolicy(Buffer.from(JSON.stringify(policy))).policy, testSettings, {})
    const target = join(layout.run, 'generations', plan.generation)
    mkdirSync(target, { recursive: true })
    writePlan(plan, join(target, 'plan'))
    rmSync(runtimePaths(layout).current, { force: true })
    symlinkSync(target, runtimePaths(layout).current)
    return plan
  }

  beforeEach(() => {
    layout = layoutBelow(join(folder(), String(number++)))
    for (const path of [join(layout.run, 'log'), join(layout.named, 'log'), layout.log])
      mkdirSync(path, { recursive: true })
    recorder = start()
  })
  afterEach(() => recorder.close())

  it('tells a denied look-up once, with rule and client, for both families of clients', () => {
    const plan = activate(POLICY)
    for (const client of ['10.77.0.2', 'fd77:1::2'])
      for (const type of ['A', 'AAAA']) write('namedDenials', namedLine(client, 'ads.example.org', type))
    run()
    const told = records()
    assert.deepEqual(
      told.map(({ client, name, types, reason, rule, count, generation, group }) => {
        return { client, name, types, reason, rule, count, generation, group }
      }),
      ['10.77.0.2', 'fd77:1::2'].map((client) => ({
        client,
        name: 'ads.example.org',
        types: ['A', 'AAAA'],
        reason: 'dns.denied',
        rule: { path: '$.deny.domains[0]', text: 'ads.example.org' },
        count: 2,
        generation: plan.generation,
        group: 'default',
      })),
    )
  })

  it('tells a refused packet with the kernel’s reason and the Plan’s rule and label', () => {
    activate(POLICY)
    write('nflogRecords', packetLine({ 'oob.prefix': 'cg:g=default;r=net.denied', dest_ip: '1.2.3.4' }))
    write('nflogRecords', packetLine())
    run()
    const [denied, unpinned] = records()
    assert.equal(denied?.reason, 'net.denied')
    assert.deepEqual(denied?.rule, { path: '$.deny.ips[0]', text: '1.2.3.4/32' })
    assert.deepEqual(
      [unpinned?.reason, unpinned?.label, unpinned?.address, unpinned?.port, unpinned?.protocol],
      ['net.not-pinned', 'benchmark', '198.18.9.9', 443, 'tcp'],
    )
  })

  it('names what is behind an address, and joins the addresses of one name', async () => {
    recorder.close()
    recorder = start(
      async (addresses) =>
        new Map(addresses.map((address) => [address, [{ group: 'default', name: 'git.example.org' }]])),
    )
    activate(POLICY)
    const fields = { 'oob.prefix': 'cg:g=default;r=net.port', dest_port: 8080 }
    const lines = ['62.30.1.1', '62.30.1.2'].map((dest_ip, i) =>
      packetLine({ ...fields, dest_ip, src_port: 40000 + i }),
    )
    write('nflogRecords', lines.join(''))
    recorder.step(Date.now())
    await new Promise((resolve) => setImmediate(resolve))
    run()
    const [record, ...others] = records()
    assert.deepEqual(others, [])
    assert.deepEqual(
      [record?.name, record?.label, record?.rule?.text, record?.count],
      ['git.example.org', 'git', 'git.example.org', 2],
    )
  })

  it('explains nothing by a name that decides nothing of the kind', async () => {
    recorder.close()
    recorder = start(
      async (addresses) =>
        new Map(addresses.map((address) => [address, [{ group: 'default', name: 'ads.example.org' }]])),
    )
    activate(POLICY)
    write('nflogRecords', packetLine())
    recorder.step(Date.now())
    await new Promise((resolve) => setImmediate(resolve))
    run()
    const [record] = records()
    assert.deepEqual([record?.reason, record?.rule, record?.label], ['net.not-pinned', undefined, 'benchmark'])
  })

  it('tells the entry that denies the address of an answer, not the one that allows the name', () => {
    activate(POLICY)
    const denial = { t: Date.now(), group: 'default', name: 'git.example.org', type: 'A', reason: 'net.denied' }
    write('pinnerDenials', `${JSON.stringify({ ...denial, address: '1.2.3.4' })}\n`)
    run()
    const [record] = records()
    assert.deepEqual([record?.reason, record?.rule?.path, record?.label], ['net.denied', '$.deny.ips[0]', 'git'])
  })

  it('does not wait for a pinner that does not answer', () => {
    recorder.close()
    recorder = start(() => new Promise(() => {}))
    activate(POLICY)
    write('nflogRecords', packetLine())
    run()
    assert.equal(records().length, 1)
  })

  it('tells what the pinner refused, with the target that decided', () => {
    activate(POLICY)
    const t = Date.now()
    const line = {
      t,
      group: 'default',
      name: 'api.openai.com',
      type: 'A',
      reason: 'dns.denied',
      target: 'ads.example.org',
    }
    write('pinnerDenials', `${JSON.stringify(line)}\n`)
    run()
    const [record] = records()
    assert.deepEqual(
      [record?.name, record?.target, record?.rule?.path, record?.client],
      ['api.openai.com', 'ads.example.org', '$.deny.domains[0]', undefined],
    )
  })

  it('tells repeats as a number that belongs to the first record', () => {
    activate(POLICY)
    write('nflogRecords', packetLine())
    run()
    write('nflogRecords', packetLine() + packetLine({ src_port: 40001 }))
    run()
    recorder.step(Date.now() + 6000)
    const [first, repeats] = records()
    assert.deepEqual([first?.event, first?.count, repeats?.event, repeats?.count], ['decision', 1, 'repeats', 2])
    assert.equal(repeats?.id, first?.id)
  })

  it('explains a question by the policy under which it was denied, when a commit has just allowed it', () => {
    const before = activate(POLICY)
    recorder.step(Date.now())
    activate({ ...POLICY, allow: { ...POLICY.allow, domains: ['new.example.org'] } })
    write('namedDenials', namedLine('10.77.0.2', 'new.example.org'))
    run()
    assert.deepEqual([records()[0]?.reason, records()[0]?.generation], ['dns.not-allowed', before.generation])
  })

  it('explains a packet by the policy before only where it was refused before the commit', () => {
    const before = activate(POLICY)
    recorder.step(Date.now())
    const live = activate({ ...POLICY, deny: {} })
    const second = Math.floor(Date.now() / 1000)
    const refused = (time: number, port: number) =>
      packetLine({
        'oob.prefix': 'cg:g=default;r=net.denied',
        dest_ip: '1.2.3.4',
        src_port: port,
        'oob.time.sec': time,
      })
    write('nflogRecords', refused(second - 60, 40001) + refused(second + 1, 40002))
    run()
    assert.deepEqual(
      records().map(({ rule, generation }) => [rule?.path, generation]),
      [
        ['$.deny.ips[0]', before.generation],
        [undefined, live.generation],
      ],
    )
  })

  it('works without any live policy, and says so in the record', () => {
    write('nflogRecords', packetLine({ 'oob.prefix': 'cg:r=policy.closed' }))
    write('namedDenials', namedLine('10.77.0.2', 'a.test'))
    run()
    assert.deepEqual(
      records()
        .map(({ reason, generation }) => [reason, generation])
        .sort(),
      [
        ['dns.not-allowed', 'none'],
        ['policy.closed', 'none'],
      ],
    )
  })

  it('keeps the last Plan, and names the trouble, when the new one cannot be read', () => {
    const plan = activate(POLICY)
    recorder.step(Date.now())
    const broken = join(layout.run, 'generations', 'broken')
    mkdirSync(join(broken, 'plan'), { recursive: true })
    writeFileSync(join(broken, 'plan', 'plan.json'), '{')
    rmSync(runtimePaths(layout).current)
    symlinkSync(broken, runtimePaths(layout).current)
    recorder.step(Date.now())
    assert.equal(recorder.status().generation, plan.generation)
    assert.equal(recorder.status().troubles.length, 1)
  })

  it('goes on after a restart without telling anything twice or leaving anything out', () => {
    activate(POLICY)
    write('nflogRecords', packetLine())
    run()
    recorder.close()
    write('nflogRecords', packetLine({ dest_ip: '198.18.9.10' }))
    recorder = start()
    run()
    assert.deepEqual(
      records().map(({ address }) => address),
      ['198.18.9.9', '198.18.9.10'],
    )
  })

  it('leaves nothing out when it is killed: what was not written is read again', () => {
    activate(POLICY)
    write('nflogRecords', packetLine())
    recorder.step(Date.now())
    // Killed here: the line was read, its record not written.
    const next = start()
    while (next.step(Date.now()));
    next.step(Date.now() + 150)
    assert.equal(records().length, 1)
    next.close()
  })

  it('counts packets that the kernel could not hand over, and lines that are none', () => {
    const numbered = (sequence: number) => packetLine({ 'oob.seq.local': sequence, src_port: sequence })
    write('nflogRecords', `${numbered(1)}${numbered(2)}${numbered(7)}nonsense\n${numbered(0)}`)
    run()
    assert.deepEqual([recorder.status().lost.kernel, recorder.status().lost.unreadable], [4, 1])
  })

  it('writes only valid records, one a line, whatever names and addresses come', () => {
    activate(POLICY)
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 80 }), { maxLength: 20 }), (texts) => {
        for (const text of texts) {
          write('namedDenials', namedLine('10.77.0.2', text))
          write('nflogRecords', packetLine({ dest_ip: text, 'oob.prefix': text }))
          write(
            'pinnerDenials',
            `${JSON.stringify({ t: Date.now(), name: text, target: text, reason: 'dns.denied', group: text })}\n`,
          )
        }
        run()
      }),
      { numRuns: 50 },
    )
    assert.ok(records().length > 10)
  })

  it('writes 20 000 different denials a second without loss', function () {
    this.timeout(20_000)
    activate(POLICY)
    recorder.step(Date.now())
    const lines = Array.from({ length: 40_000 }, (_, i) =>
      packetLine({ 'oob.seq.local': i, src_port: 1024 + (i % 60_000), dest_ip: `198.18.${i >> 8}.${i & 255}` }),
    )
    write('nflogRecords', lines.join(''))
    const before = process.cpuUsage()
    let now = Date.now()
    do now += 150
    while (recorder.step(now) || recorder.status().backlog > 0)
    recorder.step(now + 150)
    const { user, system } = process.cpuUsage(before)
    assert.equal(records().length, 40_000)
    assert.ok(user + system < 2_000_000, `${(user + system) / 1000} ms of processor time for two seconds' denials`)
    assert.deepEqual(recorder.status().lost, { ...recorder.status().lost, kernel: 0, unreadable: 0, disk: 0 })
  })
})
