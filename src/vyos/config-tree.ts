import { type ConfigNode, EMPTY_NODE, sameNode, sameValues, withChild } from './config-node.ts'

export type Path = readonly string[]

/** Where a `set` puts something: the nodes from the root, which of them are tag nodes, and the value of a leaf. */
export interface Placement {
  /** Node names and tag values, without the leaf's value. */
  readonly path: Path
  /** Indexes into `path` of tag nodes; the element after each is a tag value. */
  readonly tags: ReadonlySet<number>
  readonly value?: string
  /** The path ends with a leaf that takes no value. */
  readonly valueless?: boolean
  /** The value joins the others instead of replacing them. */
  readonly multi?: boolean
}

/** A configuration as an immutable value: every change gives a new tree that shares what did not change. */
export class ConfigTree {
  static readonly empty = new ConfigTree(EMPTY_NODE, '')

  readonly root: ConfigNode
  /** Version footer as it stood in the file, with its line ends; empty where there was none. */
  readonly footer: string

  constructor(root: ConfigNode, footer: string) {
    this.root = root
    this.footer = footer
  }

  get(path: Path): ConfigNode | undefined {
    let node: ConfigNode | undefined = this.root
    for (const name of path) node = node?.children.get(name)
    return node
  }

  has(path: Path): boolean {
    return this.get(path) !== undefined
  }

  /** Is `path` a node, or a leaf's value at its end? */
  hasNodeOrValue(path: Path): boolean {
    if (this.has(path)) return true
    const value = path.at(-1)
    return value !== undefined && (this.get(path.slice(0, -1))?.values.includes(value) ?? false)
  }

  equals(other: ConfigTree): boolean {
    return sameNode(this.root, other.root)
  }

  withRoot(root: ConfigNode): ConfigTree {
    return new ConfigTree(root, this.footer)
  }

  withFooter(footer: string): ConfigTree {
    return new ConfigTree(this.root, footer)
  }

  /** Creates every missing node of the placement and sets or adds the value. */
  place(placement: Placement): ConfigTree {
    const { path, tags, value, multi, valueless } = placement
    const build = (node: ConfigNode, depth: number): ConfigNode => {
      if (depth === path.length) {
        if (value === undefined) return node
        if (!multi) return sameValues(node.values, [value]) ? node : { ...node, values: [value] }
        return node.values.includes(value) ? node : { ...node, values: [...node.values, value] }
      }
      const name = path[depth]!
      const existing = node.children.get(name)
      const fresh: ConfigNode = { ...EMPTY_NODE, tag: tags.has(depth) }
      const leaf = valueless === true && depth === path.length - 1 ? { ...fresh, valueless } : fresh
      const child = build(existing ?? leaf, depth + 1)
      return child === existing ? node : withChild(node, name, child)
    }
    return this.withRoot(build(this.root, 0))
  }

  /**
   * Removes a node with all below it. A tag node goes with its last tag value; other parents stay, empty, as VyOS
   * leaves them.
   */
  remove(path: Path): ConfigTree {
    const strip = (node: ConfigNode, depth: number): ConfigNode | undefined => {
      const name = path[depth]!
      const child = node.children.get(name)
      if (child === undefined) return node
      const rest = depth === path.length - 1 ? undefined : strip(child, depth + 1)
      const stripped = withChild(node, name, rest)
      return rest === undefined && stripped.tag && stripped.children.size === 0 ? undefined : stripped
    }
    if (path.length === 0) return this.withRoot(EMPTY_NODE)
    return this.withRoot(strip(this.root, 0) ?? EMPTY_NODE)
  }

  /** Removes one value of a leaf; the leaf goes with its last value. */
  removeValue(path: Path, value: string): ConfigTree {
    const node = this.get(path)
    if (node === undefined || !node.values.includes(value)) return this
    const values = node.values.filter((candidate) => candidate !== value)
    return values.length === 0 ? this.remove(path) : this.replace(path, { ...node, values })
  }

  /** Sets, or with an empty text removes, the comment of an existing node. */
  withComment(path: Path, comment: string): ConfigTree {
    const node = this.get(path)
    if (node === undefined) return this
    const { comment: _, ...rest } = node
    return this.replace(path, comment === '' ? rest : { ...rest, comment })
  }

  /** Puts `node` at `path`, whose parent exists. */
  replace(path: Path, node: ConfigNode): ConfigTree {
    const build = (current: ConfigNode, depth: number): ConfigNode => {
      if (depth === path.length) return node
      const name = path[depth]!
      return withChild(current, name, build(current.children.get(name) ?? EMPTY_NODE, depth + 1))
    }
    return this.withRoot(build(this.root, 0))
  }

  /** A tree with only what lies at or below `path`, at the same place. */
  only(path: Path): ConfigTree {
    const node = this.get(path)
    if (node === undefined) return ConfigTree.empty
    const wrap = (current: ConfigNode, depth: number): ConfigNode => {
      if (depth === path.length) return node
      const name = path[depth]!
      const child = current.children.get(name)!
      return { ...EMPTY_NODE, tag: current.tag, children: new Map([[name, wrap(child, depth + 1)]]) }
    }
    return new ConfigTree(wrap(this.root, 0), '')
  }
}
