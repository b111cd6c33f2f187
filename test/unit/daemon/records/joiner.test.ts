import assert from 'node:assert/strict'
import { type Incident, Joiner, WINDOWS } from '../../../../src/daemon/records/joiner.ts'
import type { RawDenial } from '../../../../src/daemon/records/sources/raw-denial.ts'

const T = 1_000_000

const question = (fields: Partial<RawDenial> = {}): RawDenial => ({
  source: 'named',
  time: T,
  client: '10.77.0.2',
  name: 'evil.test',
  queryType: 'A',
  ...fields,
})

const packet = (fields: Partial<RawDenial> = {}): RawDenial => ({
  source: 'kernel',
  time: T,
  client: '10.77.0.2',
  clientPort: 40000,
  address: '198.18.9.9',
  port: 443,
  protocol: 'tcp',
  reason: 'net.not-pinned',
  ...fields,
})

/** What the recorder does with incidents that it has told. */
function tell(incidents: readonly Incident[], now: number): { count: number; types: string[] }[] {
  return incidents.map((incident) => {
    const told = { count: incident.count, types: [...incident.types] }
    incident.id = 'x'
    incident.count = 0
    incident.toldAt = now
    return told
  })
}

describe('raw denials', () => {
  let joiner: Joiner
  beforeEach(() => {
    joiner = new Joiner()
  })

  it('of A, AAAA and HTTPS in one look-up are one incident', () => {
    for (const queryType of ['A', 'AAAA', 'HTTPS', 'A']) joiner.add(question({ queryType }), T)
    assert.deepEqual(tell(joiner.takeDue(T + WINDOWS.gather), T), [{ count: 4, types: ['A', 'AAAA', 'HTTPS'] }])
  })

  it('of different clients or names stay apart', () => {
    joiner.add(question(), T)
    joiner.add(question({ client: 'fd77:1::2' }), T)
    joiner.add(question({ name: 'other.test' }), T)
    assert.equal(joiner.takeDue(T + WINDOWS.gather).length, 3)
  })

  it('are due a short time after the first line, not after the last', () => {
    joiner.add(question(), T)
    joiner.add(question({ time: T + 25 }), T + 25)
    assert.equal(joiner.takeDue(T + 29).length, 0)
    assert.equal(joiner.takeDue(T + 30).length, 1)
  })

  it('of packets are due once it is known which name leads there, and without that a little later', () => {
    joiner.add(packet(), T)
    joiner.add(packet({ address: 'fd77:9::9' }), T)
    const due = (after: number) =>
      joiner.takeDue(T + after, (address) => address === '198.18.9.9').map(({ first }) => first.address)
    assert.deepEqual(due(0), ['198.18.9.9'])
    assert.deepEqual(due(49), [])
    assert.deepEqual(due(50), ['fd77:9::9'])
  })

  it('that repeat within the window are told as a number, once the window is over', () => {
    joiner.add(question(), T)
    tell(joiner.takeDue(T + 100), T + 100)
    joiner.add(question({ time: T + 500 }), T + 500)
    joiner.add(question({ time: T + 1900 }), T + 1900)
    assert.equal(joiner.takeRepeated(T + 1900).length, 0)
    assert.deepEqual(tell(joiner.takeRepeated(T + 2200), T), [{ count: 2, types: ['A'] }])
    assert.equal(joiner.takeRepeated(T + 9000).length, 0)
  })

  it('after the window are a new incident', () => {
    joiner.add(question(), T)
    tell(joiner.takeDue(T + 100), T)
    joiner.add(question({ time: T + WINDOWS.question }), T + WINDOWS.question)
    assert.equal(joiner.takeDue(Number.POSITIVE_INFINITY).length, 1)
  })

  it('of a SYN that is sent again for 30 s are one incident', () => {
    for (const after of [0, 1000, 3000, 7000, 15000]) joiner.add(packet({ time: T + after }), T + after)
    assert.deepEqual(
      joiner.takeDue(Number.POSITIVE_INFINITY).map(({ count }) => count),
      [5],
    )
  })

  it('of retries from other source ports are one incident for 5 s', () => {
    for (const [index, after] of [0, 2000, 4999, 5000].entries())
      joiner.add(packet({ time: T + after, clientPort: 40000 + index }), T + after)
    assert.deepEqual(
      joiner.takeDue(Number.POSITIVE_INFINITY).map(({ count }) => count),
      [3, 1],
    )
  })

  it('of one flow for another reason are another incident', () => {
    joiner.add(packet(), T)
    joiner.add(packet({ reason: 'net.revoked' }), T)
    assert.equal(joiner.takeDue(Number.POSITIVE_INFINITY).length, 2)
  })

  it('of two addresses of one name are one incident', () => {
    joiner.add(packet({ reason: 'net.port' }), T)
    joiner.add(packet({ reason: 'net.port', address: '198.18.9.10', clientPort: 40001 }), T)
    const [first, second] = joiner.takeDue(Number.POSITIVE_INFINITY)
    assert.equal(joiner.joinByName(first!, 'cdn.test', T), false)
    assert.equal(joiner.joinByName(second!, 'cdn.test', T), true)
    assert.equal(first!.count, 2)
  })

  it('of a backlog are joined by their own time, not by when they were read', () => {
    for (const after of [0, 3000, 6000]) joiner.add(question({ time: T + after }), T + 60_000)
    assert.equal(joiner.takeDue(Number.POSITIVE_INFINITY).length, 3)
  })

  it('of a flood of different flows are held in bounded memory', () => {
    for (let i = 0; i < 300_000; i++) joiner.add(packet({ clientPort: i % 65536, address: `a${i}` }), T)
    joiner.takeDue(Number.POSITIVE_INFINITY)
    const sizes = JSON.stringify(joiner, (_key, value) => (value instanceof Map ? value.size : value))
    const total = [...sizes.matchAll(/"(?:young|old)":(\d+)/g)].reduce((sum, [, size]) => sum + Number(size), 0)
    assert.ok(total <= 300_000 && total > 0, String(total))
    assert.ok(!/"(?:young|old)":(?:[6-9]\d{4}|\d{6})/.test(sizes), sizes)
  })
})
