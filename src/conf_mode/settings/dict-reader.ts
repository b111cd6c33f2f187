import type { ConfigDict, ConfigValue } from '../../vyos/index.ts'

export const isDict = (value: ConfigValue | undefined): value is ConfigDict =>
  typeof value === 'object' && !Array.isArray(value)

/** Reads one level of the configuration; a node that VyOS's schema cannot produce is a bug, not an operator's error. */
export class DictReader {
  readonly #values: ConfigDict
  readonly path: string

  constructor(values: ConfigDict, path: string) {
    this.#values = values
    this.path = path
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined
  }

  leaf(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  list(name: string): readonly string[] {
    const value = this.#values[name]
    if (typeof value === 'string') return [value]
    return Array.isArray(value) ? value : []
  }

  child(name: string): DictReader {
    const value = this.#values[name]
    const values = isDict(value) ? value : {}
    return new DictReader(values, `${this.path} ${name}`)
  }

  tags(name: string): [string, DictReader][] {
    const parent = this.#values[name]
    if (!isDict(parent)) return []
    return Object.keys(parent).map((tag) => [tag, this.child(name).child(tag)])
  }
}
