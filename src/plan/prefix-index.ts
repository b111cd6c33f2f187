import { compareBytes, holds, type Prefix } from '../base/address.ts'

/**
 * Finds the prefixes that hold an address, longest first, in a list of any size: prefixes sorted by start, each with
 * a link to the nearest one around it. Of equal prefixes the first one given is found first. Immutable.
 */
export class PrefixIndex<T extends { readonly prefix: Prefix }> {
  private readonly sorted: readonly T[]
  private readonly parents: Int32Array

  constructor(items: Iterable<T>) {
    const byStart = (a: T, b: T) => compareBytes(a.prefix.bytes, b.prefix.bytes) || a.prefix.length - b.prefix.length
    this.sorted = [...items].reverse().sort(byStart)
    this.parents = new Int32Array(this.sorted.length)
    for (let i = 0; i < this.sorted.length; i++) {
      const { bytes } = this.sorted[i]!.prefix
      let around = i - 1
      while (around >= 0 && !holds(this.sorted[around]!.prefix, bytes)) around = this.parents[around]!
      this.parents[i] = around
    }
  }

  /** Every item whose prefix holds the address, longest prefix first. */
  *around(address: Uint8Array): Generator<T> {
    for (let i = this.lastStart(address); i >= 0; i = this.parents[i]!) {
      const item = this.sorted[i]!
      if (holds(item.prefix, address)) yield item
    }
  }

  longest(address: Uint8Array): T | undefined {
    for (let i = this.lastStart(address); i >= 0; i = this.parents[i]!) {
      const item = this.sorted[i]!
      if (holds(item.prefix, address)) return item
    }
    return undefined
  }

  holds(address: Uint8Array): boolean {
    return this.longest(address) !== undefined
  }

  /** Index of the last prefix that starts at or before the address. */
  private lastStart(address: Uint8Array): number {
    let low = 0
    let high = this.sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareBytes(this.sorted[middle]!.prefix.bytes, address) <= 0) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
