import {
  type ConfigNode,
  type ConfigTree,
  compareNames,
  type Definition,
  type Definitions,
  ownerName,
} from '../../vyos/index.ts'

/** A subtree with an owner of its own that a commit changes. The owner is called once for it. */
export interface OwnerUnit {
  readonly path: readonly string[]
  /** Name under which `clawgress conf-mode` knows the owner. */
  readonly owner: string
  /** Present for owners on tag nodes: one unit a changed tag value. */
  readonly tag?: string
  readonly priority: number
  readonly created: boolean
  readonly deleted: boolean
  /** Nearest changed unit that this one lies in. */
  readonly parent?: OwnerUnit
}

/** A change of the configuration, cut into what owners are called for. */
export interface CommitPlan {
  /** In the order of the calls: deletions from the inside out, then the rest by ascending priority. */
  readonly units: readonly OwnerUnit[]
  readonly warnings: readonly string[]
}

type Side = ConfigNode | undefined
type Children = ReadonlyMap<string, Definition>

/** Does the subtree differ, subtrees with owners of their own left out? Comments do not concern an owner. */
function ownChange(children: Children, before: Side, after: Side): boolean {
  if (before === after) return false
  if (before === undefined || after === undefined) return true
  if (before.values.join('\n') !== after.values.join('\n')) return true
  const names = new Set([...before.children.keys(), ...after.children.keys()])
  return [...names].some((name) => {
    const definition = children.get(name)
    if (definition?.owner !== undefined) return false
    const [left, right] = [before.children.get(name), after.children.get(name)]
    if (definition?.kind !== 'tag') return ownChange(definition?.children ?? new Map(), left, right)
    const tags = new Set([...(left?.children.keys() ?? []), ...(right?.children.keys() ?? [])])
    return [...tags].some((tag) => ownChange(definition.children, left?.children.get(tag), right?.children.get(tag)))
  })
}

/** Finds whom a commit must call. Source of the order: vyatta-cfg, commit-algorithm.cpp. */
export function planCommit(definitions: Definitions, before: ConfigTree, after: ConfigTree): CommitPlan {
  const units: OwnerUnit[] = []
  const warnings: string[] = []

  const visit = (children: Children, path: readonly string[], old: Side, now: Side, parent: OwnerUnit | undefined) => {
    if (old === now) return
    const names = new Set([...(old?.children.keys() ?? []), ...(now?.children.keys() ?? [])])
    for (const name of [...names].sort(compareNames)) {
      const definition = children.get(name)
      if (definition === undefined || definition.kind === 'leaf') continue
      const [left, right] = [old?.children.get(name), now?.children.get(name)]
      if (definition.kind === 'node') enter(definition, [...path, name], left, right, parent, undefined)
      else {
        const tags = new Set([...(left?.children.keys() ?? []), ...(right?.children.keys() ?? [])])
        for (const tag of [...tags].sort(compareNames)) {
          enter(definition, [...path, name, tag], left?.children.get(tag), right?.children.get(tag), parent, tag)
        }
      }
    }
  }

  const enter = (
    definition: Definition,
    path: readonly string[],
    old: Side,
    now: Side,
    parent: OwnerUnit | undefined,
    tag: string | undefined,
  ) => {
    let unit = parent
    if (definition.owner !== undefined && ownChange(definition.children, old, now)) {
      unit = {
        path,
        owner: ownerName(definition.owner),
        ...(tag === undefined ? {} : { tag }),
        priority: effectivePriority(definition, path, parent),
        created: old === undefined,
        deleted: now === undefined,
        ...(parent === undefined ? {} : { parent }),
      }
      units.push(unit)
    }
    visit(definition.children, path, old, now, unit)
  }

  const effectivePriority = (
    definition: Definition,
    path: readonly string[],
    parent: OwnerUnit | undefined,
  ): number => {
    const priority = definition.priority ?? 0
    if (parent === undefined || priority > parent.priority) return priority
    const [inner, outer] = [path.join(' '), parent.path.join(' ')]
    warnings.push(`Warning: priority inversion [${inner}](${priority}) <= [${outer}](${parent.priority})
         changing [${inner}] to (${parent.priority + 1})`)
    return parent.priority + 1
  }

  visit(definitions.roots, [], before.root, after.root, undefined)
  const deleted = units.filter((unit) => unit.deleted).sort((a, b) => b.priority - a.priority)
  const others = units.filter((unit) => !unit.deleted).sort((a, b) => a.priority - b.priority)
  return { units: [...deleted, ...others], warnings }
}
