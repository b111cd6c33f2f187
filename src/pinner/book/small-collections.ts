/** What of a Map its users need, so that either can stand for the other. */
export interface Entries<Key, Value> extends Iterable<[Key, Value]> {
  readonly size: number
  get(key: Key): Value | undefined
  set(key: Key, value: Value): unknown
  delete(key: Key): boolean
  clear(): void
  keys(): IterableIterator<Key>
  values(): IterableIterator<Value>
}

/**
 * A Map for the many places where there is one entry: that one is kept without a table of some 150 octets. Values are
 * never undefined. Entries may be deleted while they are iterated over.
 */
export class SmallMap<Key, Value> implements Entries<Key, Value> {
  private key: Key | undefined = undefined
  private value: Value | undefined = undefined
  /** All entries, once there have been several. */
  private many: Map<Key, Value> | undefined = undefined

  get size(): number {
    return this.many?.size ?? (this.value === undefined ? 0 : 1)
  }

  get(key: Key): Value | undefined {
    if (this.many !== undefined) return this.many.get(key)
    return this.key === key ? this.value : undefined
  }

  set(key: Key, value: Value): void {
    if (this.many === undefined && (this.value === undefined || this.key === key)) {
      this.key = key
      this.value = value
      return
    }
    this.many ??= new Map([[this.key!, this.value!]])
    this.many.set(key, value)
    this.key = undefined
    this.value = undefined
  }

  delete(key: Key): boolean {
    if (this.many !== undefined) return this.many.delete(key)
    if (this.get(key) === undefined) return false
    this.clear()
    return true
  }

  clear(): void {
    this.key = undefined
    this.value = undefined
    this.many = undefined
  }

  *[Symbol.iterator](): IterableIterator<[Key, Value]> {
    if (this.many !== undefined) yield* this.many
    else if (this.value !== undefined) yield [this.key!, this.value]
  }

  *keys(): IterableIterator<Key> {
    for (const [key] of this) yield key
  }

  *values(): IterableIterator<Value> {
    for (const [, value] of this) yield value
  }
}

/** The same for a Set of objects. */
export class SmallSet<Value extends object> implements Iterable<Value> {
  private value: Value | undefined = undefined
  private many: Set<Value> | undefined = undefined

  get size(): number {
    return this.many?.size ?? (this.value === undefined ? 0 : 1)
  }

  add(value: Value): void {
    if (this.many === undefined && (this.value === undefined || this.value === value)) {
      this.value = value
      return
    }
    this.many ??= new Set([this.value!])
    this.many.add(value)
    this.value = undefined
  }

  delete(value: Value): void {
    this.many?.delete(value)
    if (this.value === value) this.value = undefined
  }

  *[Symbol.iterator](): IterableIterator<Value> {
    if (this.many !== undefined) yield* this.many
    else if (this.value !== undefined) yield this.value
  }
}
