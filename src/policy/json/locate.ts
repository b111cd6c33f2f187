import { quote } from '../quote.ts'
import { JsonReader } from './reader.ts'

export type JsonPath = readonly (string | number)[]

/** `$.allow.domains[3]`; keys that are no plain words in brackets and quotes. */
export const formatPath = (path: JsonPath): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(step) ? `${text}.${step}` : `${text}[${quote(step)}]`
  }, '$')

/** Offsets of a value and, for members of objects, of its key. */
export interface Offsets {
  readonly key: number
  readonly value: number
}

interface Wanted {
  readonly below: Map<string | number, Wanted>
  readonly indexes: number[]
}

/**
 * Finds where values stand in a document that is known to be JSON, all of them in one pass; so nothing needs to
 * remember places while a policy is read, only a policy with problems pays. Undefined for paths that do not exist.
 */
export function locate(bytes: Buffer, paths: readonly JsonPath[], maxDepth = 16): (Offsets | undefined)[] {
  const found: (Offsets | undefined)[] = paths.map(() => undefined)
  const root: Wanted = { below: new Map(), indexes: [] }
  paths.forEach((path, index) => {
    let node = root
    for (const step of path) {
      const next = node.below.get(step) ?? { below: new Map(), indexes: [] }
      node.below.set(step, next)
      node = next
    }
    node.indexes.push(index)
  })
  const reader = new JsonReader(bytes, { maxDepth })
  const visit = (wanted: Wanted | undefined, key: number): void => {
    const opening = reader.peek()
    if (wanted === undefined) {
      reader.skip()
      return
    }
    for (const index of wanted.indexes) found[index] ??= { key: key < 0 ? reader.at : key, value: reader.at }
    if (wanted.below.size > 0 && opening === 0x7b)
      reader.object((name, offset) => visit(wanted.below.get(name), offset))
    else if (wanted.below.size > 0 && opening === 0x5b) reader.array((index) => visit(wanted.below.get(index), -1))
    else reader.skip()
  }
  visit(root, -1)
  return found
}
