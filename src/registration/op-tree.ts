/**
 * VyOS's cache of operational commands: every node an object with its description below `__node_data`, whose `children`
 * lists name and type of the other members (vyos.xml_ref, generate_op_cache.py, since 2025).
 */
export interface OpTree {
  readonly [name: string]: OpTree | OpNodeData
}

export interface OpNodeData {
  readonly children?: readonly (readonly [name: string, type: string])[]
  readonly [field: string]: unknown
}

const DATA = '__node_data'

/** Their tree with our nodes added. What both have, such as `show`, stays theirs. */
export function mergeOpTrees(theirs: OpTree, ours: OpTree): OpTree {
  const merged: Record<string, OpTree | OpNodeData> = { ...theirs }
  for (const [name, value] of Object.entries(ours)) {
    const existing = theirs[name]
    if (existing === undefined) merged[name] = value
    else if (name === DATA) merged[name] = mergeChildren(existing as OpNodeData, value as OpNodeData)
    else merged[name] = mergeOpTrees(existing as OpTree, value as OpTree)
  }
  return merged
}

function mergeChildren(theirs: OpNodeData, ours: OpNodeData): OpNodeData {
  const known = new Set((theirs.children ?? []).map(([name]) => name))
  const added = (ours.children ?? []).filter(([name]) => !known.has(name))
  return added.length === 0 ? theirs : { ...theirs, children: [...(theirs.children ?? []), ...added] }
}

/** Is it a tree as described above? Releases before 2025 have another form, which nothing on a router reads. */
export const isOpTree = (value: unknown): value is OpTree =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((node) => typeof node === 'object' && node !== null && DATA in node)

/** The tree as a Python expression; VyOS writes the pairs of `children` as tuples. */
export function printPython(value: unknown, isPair = false): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) {
    const items = value.map((item) => printPython(item))
    return isPair ? `(${items.join(', ')})` : `[${items.join(', ')}]`
  }
  if (typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).map(([key, member]) => {
    const pairs = key === 'children' && Array.isArray(member)
    const printed = pairs ? `[${member.map((pair) => printPython(pair, true)).join(', ')}]` : printPython(member)
    return `${JSON.stringify(key)}: ${printed}`
  })
  return `{${members.join(', ')}}`
}
