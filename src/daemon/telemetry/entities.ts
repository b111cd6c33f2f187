import { DIMENSION_LIMITS, DIMENSIONS, type Dimension } from './measures.ts'

export interface Entity {
  readonly dimension: Dimension
  readonly key: string
}

/** Numbers for clients, groups, names and labels, so that counts take little room. Numbers are used again after `keep`. */
export class Entities {
  /** Entries that found no room, since the start. */
  refused = 0
  private readonly byNumber: (Entity | undefined)[] = []
  private readonly free: number[] = []
  private readonly numbers = new Map<Dimension, Map<string, number>>(DIMENSIONS.map((each) => [each, new Map()]))

  /** Numbers that were ever given out. */
  get size(): number {
    return this.byNumber.length
  }

  get(number: number): Entity | undefined {
    return this.byNumber[number]
  }

  find(dimension: Dimension, key: string): number | undefined {
    return this.numbers.get(dimension)!.get(key)
  }

  /** 1 at the numbers of the dimensions' entries. */
  maskOf(...dimensions: Dimension[]): Uint8Array {
    const mask = new Uint8Array(this.byNumber.length)
    for (const dimension of dimensions) for (const number of this.numbers.get(dimension)!.values()) mask[number] = 1
    return mask
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
    const number = this.free.pop() ?? this.byNumber.length
    // A part of a long text would keep all of it in memory.
    const own = Buffer.from(key, 'utf8').toString('utf8')
    this.byNumber[number] = { dimension, key: own }
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
    this.byNumber.forEach((entity, number) => {
      if (entity === undefined || used[number] === 1) return
      this.byNumber[number] = undefined
      this.numbers.get(entity.dimension)!.delete(entity.key)
      this.free.push(number)
    })
  }
}
