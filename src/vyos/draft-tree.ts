import type { ConfigNode } from './config-node.ts'
import { ConfigTree, type Path, type Placement } from './config-tree.ts'

interface DraftNode extends ConfigNode {
  values: string[]
  readonly children: Map<string, DraftNode>
  comment?: string
}

/**
 * A configuration while it is read command by command: changed in place, so that a command costs the length of its path.
 * Every change means what the one of that name means for a `ConfigTree`.
 */
export class DraftTree {
  readonly #root: DraftNode = draftNode(false)
  /** The values of leaves, for a quick look. */
  readonly #known = new Map<DraftNode, Set<string>>()

  place({ path, tags, value, multi, valueless }: Placement): void {
    let node = this.#root
    for (const [depth, name] of path.entries()) {
      let child = node.children.get(name)
      if (child === undefined) {
        child = draftNode(tags.has(depth), valueless === true && depth === path.length - 1)
        node.children.set(name, child)
      }
      node = child
    }
    if (value === undefined) return
    const known = this.#known.get(node) ?? new Set()
    if (known.has(value)) return
    if (!multi) known.clear()
    this.#known.set(node, known.add(value))
    if (multi) node.values.push(value)
    else node.values = [value]
  }

  remove(path: Path): void {
    const parents = this.#nodesOn(path.slice(0, -1))
    const name = path.at(-1)
    if (name === undefined) this.#root.children.clear()
    if (name === undefined || parents === undefined) return
    if (!parents.at(-1)!.children.delete(name)) return
    for (let depth = parents.length - 1; depth > 0; depth--) {
      const { tag, children } = parents[depth]!
      if (!tag || children.size > 0) return
      parents[depth - 1]!.children.delete(path[depth - 1]!)
    }
  }

  removeValue(path: Path, value: string): void {
    const node = this.#nodesOn(path)?.at(-1)
    if (node === undefined || !this.#known.get(node)?.delete(value)) return
    node.values.splice(node.values.indexOf(value), 1)
    if (node.values.length === 0) this.remove(path)
  }

  comment(path: Path, comment: string): void {
    const node = this.#nodesOn(path)?.at(-1)
    if (node === undefined) return
    if (comment === '') delete node.comment
    else node.comment = comment
  }

  /** The configuration; the draft is not to be changed after that. */
  finish(): ConfigTree {
    return new ConfigTree(this.#root, '')
  }

  /** The root and every node on a path; undefined where one is missing. */
  #nodesOn(path: Path): DraftNode[] | undefined {
    const nodes = [this.#root]
    for (const name of path) {
      const child = nodes.at(-1)!.children.get(name)
      if (child === undefined) return undefined
      nodes.push(child)
    }
    return nodes
  }
}

const draftNode = (tag: boolean, valueless = false): DraftNode => ({
  values: [],
  children: new Map(),
  tag,
  ...(valueless ? { valueless } : {}),
})
