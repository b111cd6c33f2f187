import assert from 'node:assert/strict'
import fc from 'fast-check'
import { namedLine, POLICY, packetLine, type Recording, useRecording } from './recording.ts'

describe('the recorder', () => {
  const opened = useRecording()
  let recording: Recording
  beforeEach(() => {
    recording = opened()
  })

  it('tells a denied look-up once, with rule and client, for both families of clients', () => {
    const plan = recording.activate(POLICY)
    for (const client of ['10.77.0.2', 'fd77:1::2'])
      for (const type of ['A', 'AAAA']) recording.write('namedDenials', namedLine(client, 'ads.example.org', type))
    recording.run()
    const told = recording.records()
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
    recording.activate(POLICY)
    recording.write('nflogRecords', packetLine({ 'oob.prefix': 'cg:g=default;r=net.denied', dest_ip: '1.2.3.4' }))
    recording.write('nflogRecords', packetLine())
    recording.run()
    const [denied, unpinned] = recording.records()
    assert.equal(denied?.reason, 'net.denied')
    assert.deepEqual(denied?.rule, { path: '$.deny.ips[0]', text: '1.2.3.4/32' })
    assert.deepEqual(
      [unpinned?.reason, unpinned?.label, unpinned?.address, unpinned?.port, unpinned?.protocol],
      ['net.not-pinned', 'benchmark', '198.18.9.9', 443, 'tcp'],
    )
  })

  it('tells what the pinner refused, with the target that decided', () => {
    recording.activate(POLICY)
    const t = Date.now()
    const line = {
      t,
      group: 'default',
      name: 'api.openai.com',
      type: 'A',
      reason: 'dns.denied',
      target: 'ads.example.org',
    }
    recording.write('pinnerDenials', `${JSON.stringify(line)}\n`)
    recording.run()
    const [record] = recording.records()
    assert.deepEqual(
      [record?.name, record?.target, record?.rule?.path, record?.client],
      ['api.openai.com', 'ads.example.org', '$.deny.domains[0]', undefined],
    )
  })

  it('tells repeats as a number that belongs to the first record', () => {
    recording.activate(POLICY)
    recording.write('nflogRecords', packetLine())
    recording.run()
    recording.write('nflogRecords', packetLine() + packetLine({ src_port: 40001 }))
    recording.run()
    recording.recorder.step(Date.now() + 6000)
    const [first, repeats] = recording.records()
    assert.deepEqual([first?.event, first?.count, repeats?.event, repeats?.count], ['decision', 1, 'repeats', 2])
    assert.equal(repeats?.id, first?.id)
  })

  it('takes no packet for lost that stands in its log and was not read yet, and tells those that do not come', () => {
    const lostOf = (logged: number) => {
      for (let look = 0; look < 5; look++) recording.recorder.compare(7, logged)
      return recording.recorder.status().lost.kernel
    }
    recording.activate(POLICY)
    recording.write('nflogRecords', packetLine())
    recording.run()
    recording.write('nflogRecords', packetLine().repeat(3))
    assert.equal(lostOf(4), 0)
    recording.run()
    assert.deepEqual([lostOf(4), lostOf(6)], [0, 2])
  })

  it('counts packets that the kernel could not hand over, and lines that are none', () => {
    const numbered = (sequence: number) => packetLine({ 'oob.seq.local': sequence, src_port: sequence })
    recording.write('nflogRecords', `${numbered(1)}${numbered(2)}${numbered(7)}nonsense\n${numbered(0)}`)
    recording.run()
    const lost = () => [recording.recorder.status().lost.kernel, recording.recorder.status().lost.unreadable]
    assert.deepEqual(lost(), [4, 1])
    // Two packets in one damaged line, as a full run folder makes of them, are two.
    recording.write('nflogRecords', `${numbered(1).slice(0, 40)}${numbered(2)}${numbered(3)}`)
    recording.run()
    assert.deepEqual(lost(), [5, 2])
  })

  it('writes only valid records, one a line, whatever names and addresses come', () => {
    recording.activate(POLICY)
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 80 }), { maxLength: 20 }), (texts) => {
        for (const text of texts) {
          recording.write('namedDenials', namedLine('10.77.0.2', text))
          recording.write('nflogRecords', packetLine({ dest_ip: text, 'oob.prefix': text }))
          recording.write(
            'pinnerDenials',
            `${JSON.stringify({ t: Date.now(), name: text, target: text, reason: 'dns.denied', group: text })}\n`,
          )
        }
        recording.run()
      }),
      { numRuns: 50 },
    )
    assert.ok(recording.records().length > 10)
  })

  it('writes the 40 000 different denials of two seconds without loss', function () {
    this.timeout(20_000)
    recording.activate(POLICY)
    recording.recorder.step(Date.now())
    const lines = Array.from({ length: 40_000 }, (_, i) =>
      packetLine({ 'oob.seq.local': i, src_port: 1024 + (i % 60_000), dest_ip: `198.18.${i >> 8}.${i & 255}` }),
    )
    recording.write('nflogRecords', lines.join(''))
    let now = Date.now()
    do now += 150
    while (recording.recorder.step(now) || recording.recorder.status().backlog > 0)
    recording.recorder.step(now + 150)
    assert.equal(recording.records().length, 40_000)
    assert.deepEqual(recording.recorder.status().lost, {
      ...recording.recorder.status().lost,
      kernel: 0,
      unreadable: 0,
      disk: 0,
    })
  })
})
