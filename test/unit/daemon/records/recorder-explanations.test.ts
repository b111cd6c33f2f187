import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimePaths } from '../../../../src/base/layout.ts'
import { namedLine, POLICY, packetLine, type Recording, useRecording } from './recording.ts'

describe('why something was denied', () => {
  const opened = useRecording()
  let recording: Recording
  beforeEach(() => {
    recording = opened()
  })

  it('names what is behind an address, and joins the addresses of one name', async () => {
    recording.recorder.close()
    recording.start(
      async (addresses) =>
        new Map(addresses.map((address) => [address, [{ group: 'default', name: 'git.example.org' }]])),
    )
    recording.activate(POLICY)
    const fields = { 'oob.prefix': 'cg:g=default;r=net.port', dest_port: 8080 }
    const lines = ['62.30.1.1', '62.30.1.2'].map((dest_ip, i) =>
      packetLine({ ...fields, dest_ip, src_port: 40000 + i }),
    )
    recording.write('nflogRecords', lines.join(''))
    recording.recorder.step(Date.now())
    await new Promise((resolve) => setImmediate(resolve))
    recording.run()
    const [record, ...others] = recording.records()
    assert.deepEqual(others, [])
    assert.deepEqual(
      [record?.name, record?.label, record?.rule?.text, record?.count],
      ['git.example.org', 'git', 'git.example.org', 2],
    )
  })

  it('explains nothing by a name that decides nothing of the kind', async () => {
    recording.recorder.close()
    recording.start(
      async (addresses) =>
        new Map(addresses.map((address) => [address, [{ group: 'default', name: 'ads.example.org' }]])),
    )
    recording.activate(POLICY)
    recording.write('nflogRecords', packetLine())
    recording.recorder.step(Date.now())
    await new Promise((resolve) => setImmediate(resolve))
    recording.run()
    const [record] = recording.records()
    assert.deepEqual([record?.reason, record?.rule, record?.label], ['net.not-pinned', undefined, 'benchmark'])
  })

  it('tells the entry that denies the address of an answer, not the one that allows the name', () => {
    recording.activate(POLICY)
    const denial = { t: Date.now(), group: 'default', name: 'git.example.org', type: 'A', reason: 'net.denied' }
    recording.write('pinnerDenials', `${JSON.stringify({ ...denial, address: '1.2.3.4' })}\n`)
    recording.run()
    const [record] = recording.records()
    assert.deepEqual([record?.reason, record?.rule?.path, record?.label], ['net.denied', '$.deny.ips[0]', 'git'])
  })

  it('does not wait for a pinner that does not answer', () => {
    recording.recorder.close()
    recording.start(() => new Promise(() => {}))
    recording.activate(POLICY)
    recording.write('nflogRecords', packetLine())
    recording.run()
    assert.equal(recording.records().length, 1)
  })

  it('explains a question by the policy under which it was denied, when a commit has just allowed it', () => {
    const before = recording.activate(POLICY)
    recording.recorder.step(Date.now())
    recording.activate({ ...POLICY, allow: { ...POLICY.allow, domains: ['new.example.org'] } })
    recording.write('namedDenials', namedLine('10.77.0.2', 'new.example.org'))
    recording.run()
    assert.deepEqual(
      [recording.records()[0]?.reason, recording.records()[0]?.generation],
      ['dns.not-allowed', before.generation],
    )
  })

  it('explains a packet by the policy before only where it was refused before the commit', () => {
    const before = recording.activate(POLICY)
    recording.recorder.step(Date.now())
    const live = recording.activate({ ...POLICY, deny: {} })
    const second = Math.floor(Date.now() / 1000)
    const refused = (time: number, port: number) =>
      packetLine({
        'oob.prefix': 'cg:g=default;r=net.denied',
        dest_ip: '1.2.3.4',
        src_port: port,
        'oob.time.sec': time,
      })
    recording.write('nflogRecords', refused(second - 60, 40001) + refused(second + 1, 40002))
    recording.run()
    assert.deepEqual(
      recording.records().map(({ rule, generation }) => [rule?.path, generation]),
      [
        ['$.deny.ips[0]', before.generation],
        [undefined, live.generation],
      ],
    )
  })

  it('works without any live policy, and says so in the record', () => {
    recording.write('nflogRecords', packetLine({ 'oob.prefix': 'cg:r=policy.closed' }))
    recording.write('namedDenials', namedLine('10.77.0.2', 'a.test'))
    recording.run()
    assert.deepEqual(
      recording
        .records()
        .map(({ reason, generation }) => [reason, generation])
        .sort(),
      [
        ['dns.not-allowed', 'none'],
        ['policy.closed', 'none'],
      ],
    )
  })

  it('keeps the last Plan, and names the trouble, when the new one cannot be read', () => {
    const plan = recording.activate(POLICY)
    recording.recorder.step(Date.now())
    const broken = join(recording.layout.run, 'generations', 'broken')
    mkdirSync(join(broken, 'plan'), { recursive: true })
    writeFileSync(join(broken, 'plan', 'plan.json'), '{')
    rmSync(runtimePaths(recording.layout).current)
    symlinkSync(broken, runtimePaths(recording.layout).current)
    recording.recorder.step(Date.now())
    assert.equal(recording.recorder.status().generation, plan.generation)
    assert.equal(recording.recorder.status().troubles.length, 1)
  })
})
