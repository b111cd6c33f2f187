import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Shares, shareZone } from '../../../src/pinner/answering/shares.ts'
import { WildcardNames } from '../../../src/pinner/answering/wildcard-names.ts'
import { DenialFile } from '../../../src/pinner/denial-file.ts'
import { LIMITS } from '../../../src/pinner/limits.ts'
import { newCounters } from '../../../src/pinner/metrics.ts'
import { Unframer } from '../../../src/pinner/transport/framing.ts'
import { SharedPorts } from '../../../src/pinner/transport/shared-ports.ts'
import { until } from '../../../src/standalone/lab/until.ts'

describe('Shares of the questions in work', () => {
  const limits = { ...LIMITS, inFlight: 100, zoneShare: 0.25, leastZoneShare: 2 }
  const fill = (shares: Shares, group: string, zone: (i: number) => string) => {
    const leave: (() => void)[] = []
    for (let i = 0; i < 200; i++) {
      const place = shares.enter(group, zone(i))
      if (place !== undefined) leave.push(place)
    }
    return leave
  }

  it('leave half to others while one group is alone', () => {
    const shares = new Shares(limits)
    assert.equal(fill(shares, 'one', (i) => `z${i}`).length, 50)
    assert.equal(fill(shares, 'two', (i) => `z${i}`).length, 50)
    assert.equal(shares.enter('three', 'z'), undefined)
  })

  it('keep a slow zone from taking the share of its group', () => {
    const shares = new Shares(limits)
    assert.equal(fill(shares, 'one', () => 'slow.test').length, 12)
    assert.notEqual(shares.enter('one', 'quick.test'), undefined)
  })

  it('are given back', () => {
    const shares = new Shares(limits)
    for (const leave of fill(shares, 'one', (i) => `z${i}`)) leave()
    assert.equal(shares.inFlight, 0)
    assert.equal(fill(shares, 'one', (i) => `z${i}`).length, 50)
  })

  it('go by wildcard suffix, or the last two labels', () => {
    assert.equal(shareZone('a.b.example.com', 'b.example.com'), 'b.example.com')
    assert.equal(shareZone('a.b.example.com'), 'example.com')
    assert.equal(shareZone('com'), 'com')
  })
})

describe('Names below a wildcard', () => {
  const limits = { ...LIMITS, wildcardNames: 3, wildcardNamesInAll: 5, wildcardWindowMs: 1000 }

  it('are bounded within the window, those already asked for staying free', () => {
    let now = 0
    const names = new WildcardNames(limits, () => now)
    const admit = (name: string, suffix = 'w.test') => names.admit('default', suffix, name)
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'a'].map((name) => admit(name)),
      [true, true, true, false, true],
    )
    assert.deepEqual(
      ['a', 'b'].map((name) => admit(name, 'v.test')),
      [true, true],
    )
    assert.equal(admit('x', 'u.test'), false)
    now = 1001
    assert.equal(admit('d'), true)
    assert.equal(admit('x', 'u.test'), true)
  })
})

describe('The file of denials', () => {
  it('holds one line each, is turned over when long, and drops and counts what is too fast', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cg-test-'))
    try {
      const path = join(folder, 'log', 'denials')
      const counters = newCounters()
      const file = new DenialFile(path, { ...LIMITS, denialBytes: 1000, denialsPerSecond: 30 }, counters)
      const denial = {
        group: 'default',
        name: 'a".test',
        type: 'A',
        reason: 'dns.rebind' as const,
        address: Uint8Array.of(10, 0, 0, 1),
      }
      for (let i = 0; i < 5; i++) file.write(denial)
      file.flush()
      const [line] = readFileSync(path, 'utf8').split('\n')
      const { t, ...rest } = JSON.parse(line!) as Record<string, unknown>
      assert.ok(Math.abs(Number(t) - Date.now()) < 10_000)
      assert.deepEqual(rest, {
        group: 'default',
        name: 'a".test',
        type: 'A',
        reason: 'dns.rebind',
        address: '10.0.0.1',
      })
      for (let i = 0; i < 100; i++) file.write(denial)
      file.close()
      assert.ok(statSync(`${path}.1`).size > 0)
      assert.equal(counters.denialsWritten + counters.denialsDropped, 105)
      assert.ok(counters.denialsDropped >= 40)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('Messages in a stream', () => {
  it('come out whole however they are cut', () => {
    const stream = Buffer.from([0, 2, 1, 2, 0, 0, 0, 1, 9])
    for (let size = 1; size <= stream.length; size++) {
      const unframer = new Unframer()
      const messages = []
      for (let at = 0; at < stream.length; at += size) messages.push(...unframer.push(stream.subarray(at, at + size)))
      assert.deepEqual(
        messages.map((each) => [...each]),
        [[1, 2], [], [9]],
      )
    }
  })
})

describe('Ports that two questions share', () => {
  it('are answered again, others once', async () => {
    const ports = new SharedPorts()
    const sent = new Map<string, number>()
    const answer = (port: number, who: string) => ports.answer(port, () => sent.set(who, (sent.get(who) ?? 0) + 1))
    ports.asked(1000)
    ports.asked(1000)
    ports.asked(2000)
    for (const [port, who] of [
      [1000, 'a'],
      [1000, 'b'],
      [2000, 'c'],
    ] as const)
      answer(port, who)
    assert.deepEqual([...sent.values()], [1, 1, 1])
    await until('both are answered again, twice', 5_000, () => sent.get('b')! >= 3)
    assert.deepEqual([...sent.values()], [3, 3, 1])
  })
})
