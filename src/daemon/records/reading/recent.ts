/**
 * Remembers values for a time, in bounded memory: two halves, of which the older is dropped whole when the younger is
 * full or a window old. A value is found for at least `windowMs` after it was set, unless memory ran out, and for twice
 * that at most.
 */
export class Recent<Value> {
  private young = new Map<string, Value>()
  private old = new Map<string, Value>()
  private turnedAt = 0
  private readonly windowMs: number
  private readonly limit: number

  constructor(windowMs: number, limit: number) {
    this.windowMs = windowMs
    this.limit = limit
  }

  get(key: string, now: number): Value | undefined {
    // Nobody may have set anything since.
    const age = Math.abs(now - this.turnedAt)
    if (age >= 2 * this.windowMs) return undefined
    return this.young.get(key) ?? (age < this.windowMs ? this.old.get(key) : undefined)
  }

  set(key: string, value: Value, now: number): void {
    // The clock may have been set back.
    const age = Math.abs(now - this.turnedAt)
    if (age >= this.windowMs || this.young.size >= this.limit) {
      this.old = age >= 2 * this.windowMs ? new Map() : this.young
      this.young = new Map()
      this.turnedAt = now
    }
    this.young.set(key, value)
  }
}
