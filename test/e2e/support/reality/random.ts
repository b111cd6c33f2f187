/** Numbers that are the same for the same seed (mulberry32), so that a failure can be seen again. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to, and without, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** From 0 to `most`, both included. */
  upTo(most: number): number {
    return Math.floor(this.next() * (most + 1))
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.upTo(values.length - 1)]!
  }

  /** `count` of the values, none twice, in any order. */
  some<Value>(values: readonly Value[], count: number): Value[] {
    const left = [...values]
    return Array.from({ length: Math.min(count, left.length) }, () => left.splice(this.upTo(left.length - 1), 1)[0]!)
  }
}
