import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAddress } from '../../../src/base/address.ts'
import { PinError, type PinOperation, type SetAddress } from '../../../src/firewall/index.ts'
import { addressKey } from '../../../src/pinner/book/binding.ts'
import { Book } from '../../../src/pinner/book/book.ts'
import { Journal } from '../../../src/pinner/book/journal.ts'
import type { SetWriter } from '../../../src/pinner/book/kernel-sets.ts'
import type { PinWish } from '../../../src/pinner/book/pin-batch.ts'
import { PinStore } from '../../../src/pinner/book/pin-store.ts'
import { LIMITS, type Limits } from '../../../src/pinner/limits.ts'

const HOUR = 3_600_000

/** The kernel's sets as far as the store is concerned; the real ones are used in the end-to-end tests. */
class SetsDouble implements SetWriter {
  readonly elements = new Map<string, number>()
  writes = 0
  room = Number.POSITIVE_INFINITY

  refresh(operations: readonly PinOperation[]): void {
    this.writes += operations.length
    const failures = []
    for (const [index, { set, address, timeoutMs }] of operations.entries()) {
      const key = `${set} ${address.join('.')}`
      if (!this.elements.has(key) && this.elements.size >= this.room) failures.push({ index, errno: 23 })
      else this.elements.set(key, timeoutMs)
    }
    if (failures.length > 0) throw new PinError(failures, operations)
  }

  remove(elements: readonly SetAddress[]): void {
    for (const { set, address } of elements) this.elements.delete(`${set} ${address.join('.')}`)
  }
}

describe('The book of pins', () => {
  let folder: string
  let path: string
  let sets: SetsDouble
  let now = 1_000_000

  const open = (limits: Limits = LIMITS) => {
    const book = new Book(limits)
    const { journal, state } = Journal.open(path, book, limits)
    return { store: new PinStore(book, journal, sets, limits, () => now), state, journal }
  }
  const wish = (name: string, addresses: string[], more: Partial<PinWish> = {}): PinWish => ({
    group: 'default',
    name,
    type: 1,
    targets: [],
    classKeys: ['aaaaaaaa'],
    partial: false,
    addresses: addresses.map((each) => parseAddress(each)!),
    pinMs: 60_000,
    ...more,
  })
  const pinOf = (text: string) => sets.elements.get(`pin4_default_aaaaaaaa ${text}`)
  const heldOf = (text: string) => sets.elements.get(`held4_default_aaaaaaaa ${text}`)

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cg-test-'))
    path = join(folder, 'journal')
    sets = new SetsDouble()
    now = 1_000_000
  })

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('writes a pin and a held element for each address and class, and the journal', () => {
    const { store } = open()
    assert.deepEqual(store.pin([wish('a.test', ['45.1.1.1'])]), ['pinned'])
    assert.deepEqual([pinOf('45.1.1.1'), heldOf('45.1.1.1')], [60_000, LIMITS.heldMs])
    assert.match(readFileSync(path, 'latin1'), /^\["b","default","a\.test",1,/)
  })

  it('writes nothing for what lives long enough, and never shortens', () => {
    const { store } = open()
    store.pin([wish('long.test', ['45.1.1.1'], { pinMs: HOUR })])
    const { writes } = sets
    store.pin([wish('short.test', ['45.1.1.1'], { pinMs: 1_000 })])
    assert.equal(sets.writes, writes)
    assert.equal(pinOf('45.1.1.1'), HOUR)
  })

  it('writes an address once for all that want it in the same turn, for the longest', () => {
    const { store } = open()
    const outcomes = store.pin([
      wish('a.test', ['45.1.1.1'], { pinMs: 1000 }),
      wish('b.test', ['45.1.1.1'], { pinMs: 9000 }),
      wish('c.test', ['45.1.1.1'], { pinMs: 5000 }),
    ])
    assert.deepEqual(outcomes, ['pinned', 'pinned', 'pinned'])
    assert.equal(sets.writes, 2)
    assert.equal(pinOf('45.1.1.1'), 9000)
  })

  it('fails only those whose address did not fit, and pins them once there is room', () => {
    const { store } = open()
    sets.room = 2
    const wishes = [wish('a.test', ['45.1.1.1']), wish('b.test', ['45.1.1.2']), wish('c.test', ['45.1.1.1'])]
    assert.deepEqual(store.pin(wishes), ['pinned', 'full', 'pinned'])
    sets.room = 10
    assert.deepEqual(store.pin([wish('b.test', ['45.1.1.2'])]), ['pinned'])
    assert.equal(pinOf('45.1.1.2'), 60_000)
  })

  it('fails everything where the journal cannot be written, and tells the kernel nothing', () => {
    const { store, journal } = open()
    journal.close()
    assert.deepEqual(store.pin([wish('a.test', ['45.1.1.1'])]), ['failed'])
    assert.equal(sets.writes, 0)
  })

  it('refuses new names when it is full of names that count, and makes room of those that do not', () => {
    const { store } = open({ ...LIMITS, bindings: 2, heldMs: 1000 })
    store.pin([wish('a.test', ['45.1.1.1']), wish('b.test', ['45.1.1.2'])])
    assert.deepEqual(store.pin([wish('c.test', ['45.1.1.3'])]), ['full'])
    assert.deepEqual(store.pin([wish('a.test', ['45.1.1.4'])]), ['pinned'])
    now += HOUR
    assert.deepEqual(store.pin([wish('c.test', ['45.1.1.3'])]), ['pinned'])
    assert.equal(store.book.size, 2)
  })

  it('bounds the addresses of a name that changes them all the time, told ones never going', () => {
    const { store } = open({ ...LIMITS, nameAddresses: 4 })
    store.pin([wish('a.test', ['45.1.1.1', '45.1.1.2'])])
    store.pin([wish('a.test', ['45.1.1.3', '45.1.1.4'])])
    assert.deepEqual(store.pin([wish('a.test', ['45.1.1.5'])]), ['full'])
    now += 61_000
    assert.deepEqual(store.pin([wish('a.test', ['45.1.1.5'])]), ['pinned'])
    assert.equal(store.book.addressCount, 4)
    assert.equal([...sets.elements.keys()].filter((key) => key.startsWith('held')).length, 4)
  })

  it('is the same after a restart, a torn last line left out', () => {
    open().store.pin([
      wish('a.test', ['45.1.1.1'], { targets: ['cdn.test'] }),
      wish('b.test', ['2a45::1'], { type: 28 }),
    ])
    appendFileSync(path, '["b","default","c.test",1,[],["aaa')
    const { store, state } = open()
    assert.deepEqual(state, { lines: 2, damaged: 0 })
    assert.deepEqual(store.book.binding('default', 'a.test', 1)?.targets, ['cdn.test'])
    assert.deepEqual(
      [...store.book.binding('default', 'b.test', 28)!.addresses.keys()],
      [addressKey(parseAddress('2a45::1')!)],
    )
    store.pin([wish('d.test', ['45.1.1.9'])])
    assert.deepEqual(open().state, { lines: 3, damaged: 0 })
  })

  it('passes over lines that it does not understand, and counts them', () => {
    const odd = [
      '{}',
      '["b"]',
      '["b","g","n",1,[],[],0,[["zz",1,2]]]',
      '["x","g","n",1]',
      'null',
      '["b","g","n",1,[1],[],0,[]]',
    ]
    writeFileSync(path, `${odd.join('\n')}\n["b","default","a.test",1,[],["aaaaaaaa"],0,[["2d010101",5,6]]]\n`)
    const { store, state } = open()
    assert.deepEqual(state, { lines: 7, damaged: 6 })
    assert.equal(store.book.entry('default', addressKey(parseAddress('45.1.1.1')!))?.bindings.size, 1)
  })

  it('is rewritten when it is much longer than what it holds', () => {
    const { store } = open({ ...LIMITS, journalBytes: 2_000 })
    for (let i = 0; i < 200; i++) {
      now += 1000
      store.pin([wish('a.test', ['45.1.1.1'])])
    }
    assert.ok(statSync(path).size < 3_000)
    assert.equal(open().store.book.size, 1)
  })

  it('forgets what neither names nor flows need, on disk too', () => {
    const { store } = open({ ...LIMITS, heldMs: 10_000 })
    store.pin([wish('a.test', ['45.1.1.1'], { pinMs: 5_000 }), wish('b.test', ['45.1.1.2'], { pinMs: 5_000 })])
    now += 9_000
    store.hold(new Map([['default', new Set([addressKey(parseAddress('45.1.1.2')!)])]]))
    assert.equal(heldOf('45.1.1.2'), 10_000)
    now += 2_000
    assert.equal(store.prune(), 1)
    assert.deepEqual(
      [...open().store.book.all()].map((each) => each.name),
      ['b.test'],
    )
  })

  it('takes pairs from the kernel and puts them back for the rest of their time', () => {
    const { store } = open()
    store.pin([wish('a.test', ['45.1.1.1'])])
    const pair = { group: 'default', classKey: 'aaaaaaaa', address: addressKey(parseAddress('45.1.1.1')!) }
    const lost = store.take([pair])
    assert.equal(sets.elements.size, 0)
    now += 20_000
    assert.deepEqual(store.put(lost), [])
    assert.equal(pinOf('45.1.1.1'), 40_000)
  })
})
