import type { Wanted } from './count-table.ts'
import { DIMENSION_LIMITS, DIMENSIONS, type Dimension } from './measures.ts'

/** Numbers for clients, groups, names and labels, so that counts take little room. Numbers are used again after `keep`. */
export class Entities {
  /** Entries that found no room, since the start. */
  refused = 0
  /** By number; what has no key is free. */
  private readonly keys: (string | undefined)[] = []
  private readonly dimensions: Dimension[] = []
  private readonly free: number[] = []
  private readonly numbers = new Map<Dimension, Map<string, number>>(DIMENSIONS.map((each) => [each, new Map()]))

  /** Numbers that were ever given out. */
  get size(): number {
    return this.keys.length
  }

  /** Undefined for a number that is free. */
  dimensionOf(number: number): Dimension | undefined {
    return this.keys[number] === undefined ? undefined : this.dimensions[number]
  }

  keyOf(number: number): string | undefined {
    return this.keys[number]
  }

  find(dimension: Dimension, key: string): number | undefined {
    return this.numbers.get(dimension)!.get(key)
  }

  /** All entries of the dimensions. */
  allOf(...dimensions: Dimension[]): Wanted {
    const numbers = [...new Set(dimensions)].map((dimension) => this.numbers.get(dimension)!)
    const mask = new Uint8Array(this.size)
    for (const each of numbers) for (const number of each.values()) mask[number] = 1
    return { mask, count: numbers.reduce((count, { size }) => count + size, 0) }
  }

  /** These entries. */
  these(numbers: ReadonlySet<number>): Wanted {
    const mask = new Uint8Array(this.size)
    for (const number of numbers) mask[number] = 1
    return { mask, count: numbers.size }
  }

  /** The entry's number, a new one where there is room. */
  number(dimension: Dimension, key: string): number | undefined {
    const known = this.numbers.get(dimension)!
    const there = known.get(key)
    if (there !== undefined) return there
    if (known.size >= DIMENSION_LIMITS[dimension]) {
      this.refused++
      return undefined
    }
    const number = this.free.pop() ?? this.keys.length
    // A part of a long text would keep all of it in memory.
    const own = Buffer.from(key, 'utf8').toString('utf8')
    this.keys[number] = own
    this.dimensions[number] = dimension
    known.set(own, number)
    return number
  }

  /** Is room running out in any dimension of many entries? */
  get isCrowded(): boolean {
    return (['client', 'name'] as const).some(
      (dimension) => this.numbers.get(dimension)!.size > 0.75 * DIMENSION_LIMITS[dimension],
    )
  }

  /** Forgets every entry that is not in use (1 at its number). */
  keep(used: Uint8Array): void {
    this.keys.forEach((key, number) => {
      if (key === undefined || used[number] === 1) return
      this.keys[number] = undefined
      this.numbers.get(this.dimensions[number]!)!.delete(key)
      this.free.push(number)
    })
  }
}
