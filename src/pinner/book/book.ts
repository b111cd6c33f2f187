import type { Limits } from '../limits.ts'
import type { AddressKey, AddressTimes, Binding } from './binding.ts'
import { type Entries, SmallMap, SmallSet } from './small-collections.ts'

/** An address of a group: who justifies it, and what the kernel's sets hold of it, by class. */
export interface AddressEntry {
  readonly bindings: SmallSet<Binding>
  readonly sets: Entries<string, AddressTimes>
}

/** Lists of class keys that are kept to be shared; there are few, but Plans come and go. */
const SHARED_LISTS = 1_000
const NO_TARGETS: readonly string[] = []

export type NewBinding = Pick<Binding, 'group' | 'name' | 'type' | 'targets' | 'classKeys' | 'partial'>

/**
 * All bindings, by name and by address. Everything that the kernel's pin and held sets hold is in here, so that a
 * removal finds it. Bounded: where it is full of bindings that still count, new ones are refused.
 */
export class Book {
  private readonly limits: Limits
  /** By group and type, then by name; each in order of its last refresh. Keys with all three would cost 64 octets each. */
  private readonly bindings = new Map<string, Map<string, Binding>>()
  private count = 0
  private readonly groups = new Map<string, Map<AddressKey, AddressEntry>>()
  private readonly classLists = new Map<string, readonly string[]>()

  constructor(limits: Limits) {
    this.limits = limits
  }

  get size(): number {
    return this.count
  }

  get addressCount(): number {
    let count = 0
    for (const addresses of this.groups.values()) count += addresses.size
    return count
  }

  *all(): IterableIterator<Binding> {
    for (const names of this.bindings.values()) yield* names.values()
  }

  entriesOf(group: string): IterableIterator<[AddressKey, AddressEntry]> {
    return (this.groups.get(group) ?? new Map<AddressKey, AddressEntry>()).entries()
  }

  groupKeys(): IterableIterator<string> {
    return this.groups.keys()
  }

  entry(group: string, address: AddressKey): AddressEntry | undefined {
    return this.groups.get(group)?.get(address)
  }

  binding(group: string, name: string, type: number): Binding | undefined {
    return this.bindings.get(shelf({ group, type }))?.get(name)
  }

  get full(): boolean {
    return this.count >= this.limits.bindings
  }

  /** A binding that was refreshed longest ago of its group and type, and that nothing needs any more. */
  oldestLapsed(now: number): Binding | undefined {
    for (const names of this.bindings.values()) {
      const [oldest] = names.values()
      if (oldest !== undefined && !isHeld(oldest, now)) return oldest
    }
    return undefined
  }

  /** The binding with its facts brought up to date, created where there is none, and moved to the end of the order. */
  upsert(facts: NewBinding): Binding {
    const { group, name, type, partial } = facts
    const names = this.bindings.get(shelf(facts)) ?? new Map<string, Binding>()
    this.bindings.set(shelf(facts), names)
    const known = names.get(name)
    const targets = facts.targets.length === 0 ? NO_TARGETS : facts.targets
    const classKeys = this.shared(facts.classKeys)
    const binding = known ?? { group, name, type, targets, classKeys, partial, addresses: new SmallMap() }
    binding.targets = targets
    binding.classKeys = classKeys
    binding.partial = partial
    if (!names.delete(name)) this.count++
    names.set(name, binding)
    return binding
  }

  /** Notes that the binding leads to the address, never for less long than before. */
  attach(binding: Binding, address: AddressKey, times: AddressTimes): AddressEntry {
    const known = binding.addresses.get(address)
    if (known === undefined) binding.addresses.set(address, { ...times })
    else {
      known.pinUntil = Math.max(known.pinUntil, times.pinUntil)
      known.heldUntil = Math.max(known.heldUntil, times.heldUntil)
    }
    const entry = this.ensureEntry(binding.group, address)
    entry.bindings.add(binding)
    return entry
  }

  detach(binding: Binding, address: AddressKey): void {
    binding.addresses.delete(address)
    const entry = this.entry(binding.group, address)
    entry?.bindings.delete(binding)
    if (entry?.bindings.size === 0) this.groups.get(binding.group)!.delete(address)
  }

  drop(binding: Binding): void {
    for (const address of [...binding.addresses.keys()]) this.detach(binding, address)
    this.remove(binding)
  }

  clear(): void {
    this.bindings.clear()
    this.count = 0
    this.groups.clear()
  }

  /** Forgets what neither names nor flows need any more; returns the bindings that went. */
  prune(now: number): Binding[] {
    const gone: Binding[] = []
    for (const binding of this.all()) {
      for (const [address, times] of binding.addresses) {
        if (times.heldUntil <= now && times.pinUntil <= now) this.detach(binding, address)
      }
      if (binding.addresses.size > 0) continue
      this.remove(binding)
      gone.push(binding)
    }
    return gone
  }

  private remove(binding: Binding): void {
    const names = this.bindings.get(shelf(binding))
    if (names?.delete(binding.name)) this.count--
    if (names?.size === 0) this.bindings.delete(shelf(binding))
  }

  private ensureEntry(group: string, address: AddressKey): AddressEntry {
    let addresses = this.groups.get(group)
    if (addresses === undefined) {
      addresses = new Map()
      this.groups.set(group, addresses)
    }
    let entry = addresses.get(address)
    if (entry === undefined) {
      entry = { bindings: new SmallSet(), sets: new SmallMap() }
      addresses.set(address, entry)
    }
    return entry
  }

  /** Most bindings have the same few lists of classes. */
  private shared(classKeys: readonly string[]): readonly string[] {
    const key = classKeys.join(' ')
    const known = this.classLists.get(key)
    if (known !== undefined) return known
    if (this.classLists.size >= SHARED_LISTS) this.classLists.clear()
    this.classLists.set(key, classKeys)
    return classKeys
  }
}

const shelf = ({ group, type }: Pick<Binding, 'group' | 'type'>): string => `${group} ${type}`

function isHeld(binding: Binding, now: number): boolean {
  for (const { heldUntil } of binding.addresses.values()) if (heldUntil > now) return true
  return false
}
