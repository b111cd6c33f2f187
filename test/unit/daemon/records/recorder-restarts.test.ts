import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { runtimePaths } from '../../../../src/base/layout.ts'
import { decisionRecord } from '../../../../src/daemon/records/kinds/record.ts'
import { namedLine, POLICY, packetLine, type Recording, useRecording } from './recording.ts'

describe('the recorder, started again,', () => {
  const opened = useRecording()
  let recording: Recording
  beforeEach(() => {
    recording = opened()
  })

  it('goes on after a restart without telling anything twice or leaving anything out', () => {
    recording.activate(POLICY)
    recording.write('nflogRecords', packetLine())
    recording.run()
    recording.recorder.close()
    recording.write('nflogRecords', packetLine({ dest_ip: '198.18.9.10' }))
    recording.start()
    recording.run()
    assert.deepEqual(
      recording.records().map(({ address }) => address),
      ['198.18.9.9', '198.18.9.10'],
    )
  })

  it('leaves nothing out when it is killed: what was not written is read again', () => {
    recording.activate(POLICY)
    recording.write('nflogRecords', packetLine())
    recording.recorder.step(Date.now())
    // Killed here: the line was read, its record not written.
    const next = recording.open()
    while (next.step(Date.now()));
    next.step(Date.now() + 150)
    assert.equal(recording.records().length, 1)
    next.close()
  })

  it('makes whole records after one that it was killed in the middle of, and counts that one', () => {
    recording.activate(POLICY)
    recording.write('nflogRecords', packetLine())
    const { decisions } = runtimePaths(recording.layout)
    writeFileSync(decisions, '{"schema":"clawgress.deci')
    recording.run()
    const [half, whole] = readFileSync(decisions, 'utf8').split('\n')
    assert.equal(half, '{"schema":"clawgress.deci')
    assert.equal(decisionRecord.parse(JSON.parse(whole!)).address, '198.18.9.9')
    assert.equal(recording.recorder.status().lost.unreadable, 1)
  })

  it('tells what named turned over twice and more between two looks', () => {
    recording.activate(POLICY)
    const { namedDenials } = runtimePaths(recording.layout)
    const ask = (name: string) => recording.write('namedDenials', namedLine('10.77.0.2', name))
    ask('a.test')
    recording.run()
    for (const name of ['b.test', 'c.test', 'd.test']) {
      for (const number of [1, 0])
        if (existsSync(`${namedDenials}.${number}`))
          renameSync(`${namedDenials}.${number}`, `${namedDenials}.${number + 1}`)
      renameSync(namedDenials, `${namedDenials}.0`)
      ask(name)
    }
    recording.run()
    assert.deepEqual(
      recording.records().map(({ name }) => name),
      ['a.test', 'b.test', 'c.test', 'd.test'],
    )
    assert.equal(recording.recorder.status().lost.unreadable, 0)
  })

  it('knows the denials of the last hour that were recorded before it', async () => {
    recording.activate(POLICY)
    recording.write('namedDenials', namedLine('10.77.0.2', 'ads.example.org'))
    recording.write('namedDenials', namedLine('10.77.0.2', 'other.example.org'))
    recording.run()
    recording.recorder.close()
    recording.start()
    await recording.recorder.remember()
    recording.write('namedDenials', namedLine('10.77.0.2', 'third.example.org'))
    recording.run()
    assert.deepEqual(recording.recorder.status().lastHour, { 'dns.denied': 1, 'dns.not-allowed': 2 })
  })
})
