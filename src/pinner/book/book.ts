import type { Limits } from '../limits.ts'
import { type AddressKey, type AddressTimes, type Binding, bindingKey } from './binding.ts'

/** An address of a group: who justifies it, and what the kernel's sets hold of it, by class. */
export interface AddressEntry {
  readonly bindings: Set<Binding>
  readonly sets: Map<string, AddressTimes>
}

export type NewBinding = Pick<Binding, 'group' | 'name' | 'type' | 'targets' | 'classKeys' | 'partial'>

/**
 * All bindings, by name and by address. Everything that the kernel's pin and held sets hold is in here, so that a
 * removal finds it. Bounded: where it is full of bindings that still count, new ones are refused.
 */
export class Book {
  private readonly limits: Limits
  /** In order of their last refresh. */
  private readonly bindings = new Map<string, Binding>()
  private readonly groups = new Map<string, Map<AddressKey, AddressEntry>>()

  constructor(limits: Limits) {
    this.limits = limits
  }

  get size(): number {
    return this.bindings.size
  }

  get addressCount(): number {
    let count = 0
    for (const addresses of this.groups.values()) count += addresses.size
    return count
  }

  all(): IterableIterator<Binding> {
    return this.bindings.values()
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
    return this.bindings.get(bindingKey({ group, name, type }))
  }

  get full(): boolean {
    return this.bindings.size >= this.limits.bindings
  }

  /** The binding that was refreshed longest ago, if nothing needs it any more. */
  oldestLapsed(now: number): Binding | undefined {
    const [oldest] = this.bindings.values()
    for (const times of oldest?.addresses.values() ?? []) if (times.heldUntil > now) return undefined
    return oldest
  }

  /** The binding with its facts brought up to date, created where there is none, and moved to the end of the order. */
  upsert(facts: NewBinding): Binding {
    const key = bindingKey(facts)
    const known = this.bindings.get(key)
    const binding = known ?? { ...facts, addresses: new Map<AddressKey, AddressTimes>() }
    binding.targets = facts.targets
    binding.classKeys = facts.classKeys
    binding.partial = facts.partial
    this.bindings.delete(key)
    this.bindings.set(key, binding)
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
    this.bindings.delete(bindingKey(binding))
  }

  clear(): void {
    this.bindings.clear()
    this.groups.clear()
  }

  /** Forgets what neither names nor flows need any more; returns the bindings that went. */
  prune(now: number): Binding[] {
    const gone: Binding[] = []
    for (const binding of this.bindings.values()) {
      for (const [address, times] of binding.addresses) {
        if (times.heldUntil <= now && times.pinUntil <= now) this.detach(binding, address)
      }
      if (binding.addresses.size > 0) continue
      this.bindings.delete(bindingKey(binding))
      gone.push(binding)
    }
    return gone
  }

  private ensureEntry(group: string, address: AddressKey): AddressEntry {
    let addresses = this.groups.get(group)
    if (addresses === undefined) {
      addresses = new Map()
      this.groups.set(group, addresses)
    }
    let entry = addresses.get(address)
    if (entry === undefined) {
      entry = { bindings: new Set(), sets: new Map() }
      addresses.set(address, entry)
    }
    return entry
  }
}
