import type { PinFailure, PinOperation } from '../../firewall/index.ts'
import type { Limits } from '../limits.ts'
import { type AddressKey, addressKey, type Binding } from './binding.ts'
import type { AddressEntry, Book, NewBinding } from './book.ts'
import { bindingLine, detachLine, dropLine } from './journal-line.ts'
import { heldElement, type Pair, pinElement } from './kernel-sets.ts'

/** Addresses that an answer is about to tell. */
export interface PinWish extends NewBinding {
  readonly addresses: readonly Uint8Array[]
  /** How long the addresses must stay reachable: TTL and slack. */
  readonly pinMs: number
}

export type WishOutcome = 'pinned' | 'full' | 'failed'

interface Planned {
  readonly pair: Pair
  readonly entry: AddressEntry
  readonly field: 'pinUntil' | 'heldUntil'
  until: number
}

const ENFILE = 23

/**
 * Gathers what answers that finish together need, so that one journal write and one kernel transaction do for all.
 * Elements that already live long enough are left alone; an element is never shortened, because another name may have
 * told its address for longer.
 */
export class PinBatch {
  /** Lines for the journal; to be written before the kernel is told. */
  lines = ''
  /** Pairs whose elements must go first: addresses that made room for newer ones of the same name. */
  readonly evicted: Pair[] = []
  private readonly book: Book
  private readonly limits: Limits
  private readonly now: number
  private readonly planned: Planned[] = []
  private readonly places = new Map<string, number>()
  /** By wish: the operations it depends on, or why it has failed already. */
  private readonly wishes: (readonly number[] | 'full')[] = []

  constructor(book: Book, limits: Limits, now: number) {
    this.book = book
    this.limits = limits
    this.now = now
  }

  /** Adds a wish; its outcome will stand at the same place in `outcomes`. */
  add(wish: PinWish): void {
    this.wishes.push(this.plan(wish) ?? 'full')
  }

  get operations(): PinOperation[] {
    return this.planned.map(({ pair, field, until }) => ({
      ...(field === 'pinUntil' ? pinElement(pair) : heldElement(pair)),
      timeoutMs: until - this.now,
    }))
  }

  /** Notes what the kernel now holds; returns the outcome of each wish. */
  outcomes(failures: readonly PinFailure[] | 'all'): WishOutcome[] {
    const errnos = new Map(failures === 'all' ? [] : failures.map(({ index, errno }) => [index, errno]))
    if (failures !== 'all') {
      this.planned.forEach(({ pair, entry, field, until }, index) => {
        if (errnos.has(index)) return
        const known = entry.sets.get(pair.classKey)
        if (known === undefined) entry.sets.set(pair.classKey, { pinUntil: 0, heldUntil: 0, [field]: until })
        else known[field] = until
      })
    }
    return this.wishes.map((wish) => {
      if (wish === 'full') return 'full'
      if (failures === 'all') return 'failed'
      const failed = wish.map((index) => errnos.get(index)).filter((errno) => errno !== undefined)
      return failed.length === 0 ? 'pinned' : failed.includes(ENFILE) ? 'full' : 'failed'
    })
  }

  private plan(wish: PinWish): number[] | undefined {
    const known = this.book.binding(wish.group, wish.name, wish.type)
    if (known === undefined && this.book.full && !this.makeRoom()) return undefined
    const keys = wish.addresses.map(addressKey)
    if (known !== undefined && !this.makeAddressRoom(known, keys)) return undefined
    const binding = this.book.upsert(wish)
    const times = { pinUntil: this.now + wish.pinMs, heldUntil: this.now + this.limits.heldMs }
    const needed: number[] = []
    for (const address of keys) {
      const entry = this.book.attach(binding, address, times)
      for (const classKey of wish.classKeys) {
        const pair = { group: wish.group, classKey, address }
        const set = entry.sets.get(classKey)
        const pinKnown = set?.pinUntil ?? 0
        const heldKnown = set?.heldUntil ?? 0
        if (pinKnown < times.pinUntil) needed.push(this.need(pair, entry, 'pinUntil', times.pinUntil))
        if (heldKnown < this.now + this.limits.heldMs * 0.75) {
          needed.push(this.need(pair, entry, 'heldUntil', times.heldUntil))
        }
      }
    }
    this.lines += bindingLine(binding, keys)
    return needed
  }

  /** Only what no longer counts gives way: a full book fails new names, never known ones. */
  private makeRoom(): boolean {
    const oldest = this.book.oldestLapsed(this.now)
    if (oldest === undefined) return false
    this.lines += dropLine(oldest)
    this.book.drop(oldest)
    return true
  }

  private need(pair: Pair, entry: AddressEntry, field: Planned['field'], until: number): number {
    const place = `${field} ${pair.classKey} ${pair.group} ${pair.address}`
    const known = this.places.get(place)
    if (known !== undefined) {
      const planned = this.planned[known]!
      planned.until = Math.max(planned.until, until)
      return known
    }
    this.places.set(place, this.planned.length)
    return this.planned.push({ pair, entry, field, until }) - 1
  }

  /** Keeps a name that changes its addresses all the time within bounds: those no longer told make room. */
  private makeAddressRoom(binding: Binding, keys: readonly AddressKey[]): boolean {
    const incoming = new Set(keys)
    const others = [...binding.addresses].filter(([address]) => !incoming.has(address))
    const excess = others.length + incoming.size - this.limits.nameAddresses
    if (excess <= 0) return true
    const lapsed = others.filter(([, times]) => times.pinUntil <= this.now)
    if (lapsed.length < excess) return false
    lapsed.sort(([, a], [, b]) => a.heldUntil - b.heldUntil)
    const going = lapsed.slice(0, excess).map(([address]) => address)
    for (const address of going) {
      const entry = this.book.entry(binding.group, address)!
      if (entry.bindings.size > 1) continue
      for (const classKey of entry.sets.keys()) this.evicted.push({ group: binding.group, classKey, address })
    }
    for (const address of going) this.book.detach(binding, address)
    this.lines += detachLine(binding, going)
    return true
  }
}
