import assert from 'node:assert/strict'
import { type Definition, satisfies } from '../../src/vyos/index.ts'

/** A node that an operator gives a value. */
export interface ValueNode {
  readonly definition: Definition
  /** Words up to the value; tag nodes above it have an ordinary one. */
  readonly path: readonly string[]
}

/** What a tag node may be called: the `index`-th of the first kind that its constraint takes. */
const ORDINARY: readonly ((index: number) => string)[] = [
  (index) => `n${index}.example.com`,
  (index) => `198.51.${100 + Math.floor(index / 256)}.${index % 256}/32`,
  (index) => `198.51.100.${index}`,
  (index) => `eth${index}`,
  (index) => String(1 + index),
]

function ordinaryTag(definition: Definition, index: number): string {
  const value = ORDINARY.map((each) => each(index)).find((each) => satisfies(definition, each))
  assert.ok(value !== undefined, `nothing that ${definition.name} takes is known here: add it`)
  return value
}

/** Is the word a name that `valueNodes` gave a tag node? */
export const isOrdinaryTag = (word: string, index: number): boolean => ORDINARY.some((each) => each(index) === word)

/** Every node with a value below the given ones, from the definitions, so that no new one is forgotten. */
export function* valueNodes(
  children: ReadonlyMap<string, Definition>,
  index = 0,
  path: readonly string[] = [],
): Iterable<ValueNode> {
  for (const [name, definition] of children) {
    const at = [...path, name]
    if (definition.kind === 'leaf' && definition.valueless) continue
    if (definition.kind !== 'node') yield { definition, path: at }
    if (definition.kind === 'leaf') continue
    yield* valueNodes(
      definition.children,
      index,
      definition.kind === 'tag' ? [...at, ordinaryTag(definition, index)] : at,
    )
  }
}
