import type { Limits } from '../limits.ts'
import { type AddressKey, type Binding, pinnedUntil } from './binding.ts'
import type { Book } from './book.ts'
import type { Journal } from './journal.ts'
import { bindingLine, dropLine } from './journal-line.ts'
import { heldElement, type Pair, pinElement, refreshAll, refreshOperations, type SetWriter } from './kernel-sets.ts'
import { PinBatch, type PinWish, type WishOutcome } from './pin-batch.ts'

export interface StoreCounters {
  batches: number
  pinned: number
  failed: number
  /** Microseconds in the journal and the kernel, over all batches. */
  batchMicros: number
  lastError?: string
}

/** A pair that was taken from the kernel, with what it had, so that it can be put back. */
export interface LostPair extends Pair {
  readonly pinUntil: number
  readonly heldUntil: number
}

/** Keeps book, journal and the kernel's sets in step; the only one that writes any of them. */
export class PinStore {
  readonly book: Book
  readonly counters: StoreCounters = { batches: 0, pinned: 0, failed: 0, batchMicros: 0 }
  private readonly journal: Journal
  private readonly writer: SetWriter
  private readonly limits: Limits
  private readonly now: () => number

  constructor(book: Book, journal: Journal, writer: SetWriter, limits: Limits, now: () => number) {
    this.book = book
    this.journal = journal
    this.writer = writer
    this.limits = limits
    this.now = now
  }

  get journalBytes(): number {
    return this.journal.size
  }

  /** Journal first, then one kernel transaction for all; returns when both hold. Never throws. */
  pin(wishes: readonly PinWish[]): WishOutcome[] {
    const started = process.hrtime.bigint()
    const batch = new PinBatch(this.book, this.limits, this.now())
    for (const wish of wishes) batch.add(wish)
    const outcomes = this.commit(batch)
    this.counters.batches++
    for (const outcome of outcomes) this.counters[outcome === 'pinned' ? 'pinned' : 'failed']++
    this.counters.batchMicros += Number((process.hrtime.bigint() - started) / 1000n)
    return outcomes
  }

  private commit(batch: PinBatch): WishOutcome[] {
    try {
      this.journal.append(batch.lines)
      if (batch.evicted.length > 0) this.removeElements(batch.evicted)
      const failures = refreshAll(this.writer, batch.operations)
      if (failures.length > 0) {
        this.counters.lastError = `The kernel refused ${failures.length} addresses (errno ${failures[0]!.errno}).`
      }
      this.journal.compactIfLong(this.book)
      return batch.outcomes(failures)
    } catch (error) {
      this.counters.lastError = error instanceof Error ? error.message : String(error)
      return batch.outcomes('all')
    }
  }

  /** Takes pairs from the kernel; the book keeps its bindings. Returns what they had. Throws ClawgressError. */
  take(pairs: readonly Pair[], keepHeld = false): LostPair[] {
    const lost: LostPair[] = []
    for (const pair of pairs) {
      const entry = this.book.entry(pair.group, pair.address)
      const times = entry?.sets.get(pair.classKey)
      lost.push({ ...pair, pinUntil: times?.pinUntil ?? 0, heldUntil: times?.heldUntil ?? 0 })
    }
    this.removeElements(pairs, keepHeld)
    for (const pair of pairs) this.book.entry(pair.group, pair.address)?.sets.delete(pair.classKey)
    return lost
  }

  /** Puts elements into the kernel for the rest of their time; returns the pairs that could not be. */
  put(pairs: readonly LostPair[]): Pair[] {
    const now = this.now()
    const operations = pairs.flatMap((pair) =>
      refreshOperations(pair, pair, now).map((operation) => ({ operation, pair })),
    )
    const failures = refreshAll(
      this.writer,
      operations.map(({ operation }) => operation),
    )
    const failed = new Set(failures.map(({ index }) => operations[index]!.pair))
    for (const pair of pairs) {
      if (failed.has(pair)) continue
      const entry = this.book.entry(pair.group, pair.address)
      entry?.sets.set(pair.classKey, { pinUntil: pair.pinUntil, heldUntil: pair.heldUntil })
    }
    return [...failed]
  }

  /** Forgets bindings for good; what the kernel holds of them must have been taken before. */
  forget(bindings: readonly Binding[]): void {
    this.journal.append(bindings.map(dropLine).join(''))
    for (const binding of bindings) this.book.drop(binding)
  }

  /** Appends lines about a change of the book to the journal. */
  noteLines(lines: string): void {
    this.journal.append(lines)
  }

  /** Journals bindings that were changed in place. */
  note(bindings: readonly Binding[]): void {
    this.journal.append(bindings.map((binding) => bindingLine(binding)).join(''))
  }

  /** Flows to the addresses are alive: they stay held. Unknown addresses are passed over. Returns the elements written. */
  hold(live: ReadonlyMap<string, ReadonlySet<AddressKey>>): number {
    const now = this.now()
    const until = now + this.limits.heldMs
    const pairs: Pair[] = []
    const touched = new Set<Binding>()
    for (const [group, addresses] of live) {
      for (const address of addresses) {
        const entry = this.book.entry(group, address)
        if (entry === undefined) continue
        for (const binding of entry.bindings) {
          binding.addresses.get(address)!.heldUntil = until
          touched.add(binding)
        }
        for (const classKey of entry.sets.keys()) pairs.push({ group, classKey, address })
      }
    }
    this.note([...touched])
    if (pairs.length > 0) this.writer.refresh(pairs.map((pair) => ({ ...heldElement(pair), timeoutMs: until - now })))
    for (const { group, classKey, address } of pairs) {
      this.book.entry(group, address)!.sets.get(classKey)!.heldUntil = until
    }
    return pairs.length
  }

  prune(): number {
    const gone = this.book.prune(this.now())
    this.journal.append(gone.map(dropLine).join(''))
    this.journal.compactIfLong(this.book)
    return gone.length
  }

  /** The kernel holds nothing of ours any more (the table was removed, or this process is new and cannot know). */
  forgetKernel(): void {
    for (const group of this.book.groupKeys()) {
      for (const [, entry] of this.book.entriesOf(group)) entry.sets.clear()
    }
  }

  /** Takes everything from the kernel and forgets everything; returns the names named may still tell, by group. */
  reset(): Map<string, Set<string>> {
    const names = this.toldNames(this.book.all())
    const pairs: Pair[] = []
    for (const group of this.book.groupKeys()) {
      for (const [address, entry] of this.book.entriesOf(group)) {
        for (const classKey of entry.sets.keys()) pairs.push({ group, classKey, address })
      }
    }
    this.removeElements(pairs)
    this.book.clear()
    this.journal.rewrite(this.book)
    return names
  }

  /** The names, by group, that named may still answer from its cache. */
  toldNames(bindings: Iterable<Binding>): Map<string, Set<string>> {
    const now = this.now()
    const names = new Map<string, Set<string>>()
    for (const binding of bindings) {
      if (pinnedUntil(binding) <= now) continue
      const known = names.get(binding.group)
      if (known === undefined) names.set(binding.group, new Set([binding.name]))
      else known.add(binding.name)
    }
    return names
  }

  private removeElements(pairs: readonly Pair[], keepHeld = false): void {
    const elements = pairs.flatMap((pair) => (keepHeld ? [pinElement(pair)] : [pinElement(pair), heldElement(pair)]))
    if (elements.length > 0) this.writer.remove(elements)
  }
}
