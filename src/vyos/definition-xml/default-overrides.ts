import { fail } from '../../base/errors.ts'
import { type XmlContent, XmlElement } from './xml-element.ts'

/** A child with the text that follows it: in lxml the text moves and goes with the element. */
function take(element: XmlElement): XmlContent[] {
  const parent = element.parent
  if (parent === undefined) fail('definition.invalid', 'Overriding its defaults leaves nothing.', element.place)
  const start = parent.content.indexOf(element)
  let end = start + 1
  while (typeof parent.content[end] === 'string') end++
  element.parent = undefined
  return parent.content.splice(start, end - start)
}

function put(parent: XmlElement, parts: XmlContent[], at = parent.content.length): void {
  for (const part of parts) if (part instanceof XmlElement) part.parent = parent
  parent.content.splice(at, 0, ...parts)
}

/** Removes an element, and every parent that has no element left. */
function remove(element: XmlElement): void {
  for (let current: XmlElement | undefined = element; current !== undefined; ) {
    const parent: XmlElement | undefined = current.parent
    take(current)
    if (parent === undefined || parent.elements.length > 0) return
    current = parent
  }
}

function* defaultValues(element: XmlElement): Generator<XmlElement> {
  if (element.name === 'defaultValue') yield element
  for (const child of element.elements) yield* defaultValues(child)
}

/** The last default of a path replaces the first; the leaves that held the others go. */
function overrideWithLast(values: readonly XmlElement[], path: string): void {
  const [first, ...others] = values as [XmlElement, ...XmlElement[]]
  if (others.length === 0) return
  const leaves = others.map((value) => value.parent!)
  const double = others.find((value, index) => leaves.indexOf(value.parent!) !== index)
  if (double !== undefined) {
    fail('definition.invalid', 'The node has two <defaultValue>: remove one.', { ...double.place, path })
  }
  const holder = first.parent!
  const replacement = take(others.at(-1)!)
  const at = holder.content.indexOf(first)
  take(first)
  put(holder, replacement, at)
  for (const leaf of leaves) remove(leaf)
}

const named = (elements: readonly XmlElement[], name: string): XmlElement[] =>
  elements.filter((element) => element.attributes.name === name)

/** Every node of that path, in the order of the file. */
function nodesAt(root: XmlElement, path: readonly string[]): XmlElement[] {
  return path.reduce<readonly XmlElement[]>(
    (nodes, name, depth) =>
      nodes.flatMap((node) =>
        named(depth === 0 ? node.elements : node.all('children').flatMap((c) => c.elements), name),
      ),
    [root],
  ) as XmlElement[]
}

/** Content of a later node with the same path joins the first. */
function mergeInto(nodes: readonly XmlElement[]): void {
  const [first, ...others] = nodes
  for (const other of others) {
    for (const [index, part] of other.content.entries()) {
      // text before the first child stays behind, text after a child goes with it
      if (typeof part === 'string' && !other.content.slice(0, index).some((before) => typeof before !== 'string'))
        continue
      put(first!, [part instanceof XmlElement ? part.copy(first!) : part])
    }
    remove(other)
  }
}

/**
 * Lets a later `<defaultValue>` of the same node win and joins the nodes that were written apart, in place.
 * Source: vyos-1x, scripts/override-default.
 * @throws ClawgressError definition.invalid
 */
export function applyDefaultOverrides(root: XmlElement): void {
  const byPath = new Map<string, XmlElement[]>()
  for (const value of defaultValues(root)) {
    const path = value.path.join(' ')
    byPath.set(path, [...(byPath.get(path) ?? []), value])
  }
  for (const [path, values] of byPath) overrideWithLast(values, path)
  for (const path of byPath.keys()) mergeInto(nodesAt(root, path.split(' ')))
}
