import type { ReasonCode } from '../base/reasons.ts'
import { entryPlace, isWildcard, KIND, type NameTable } from '../policy/index.ts'
import type { NameList } from './name-lists.ts'
import { SuffixWalk } from './suffix-walk.ts'
import type { NameIndex, NameVerdict, NameVisitor, Rule } from './types.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

const NO_CLASSES: readonly number[] = []

/** Compiled name lists: per group an ordered list of tables, which groups may share. */
export class FlatNameIndex implements NameIndex {
  readonly allowCount: number
  readonly denyCount: number
  /** Indexed by group. */
  readonly groups: readonly (readonly NameList[])[]
  private readonly walk = new SuffixWalk()
  private readonly classSets = new Map<number, readonly number[]>()

  constructor(groups: readonly (readonly NameList[])[]) {
    this.groups = groups
    const tables = new Set(groups.flat().map((list) => list.table))
    const count = (kind: number) => [...tables].reduce((sum, table) => sum + table.counts[kind]!, 0)
    this.allowCount = count(KIND.allow) + count(KIND.allowBelow)
    this.denyCount = count(KIND.deny) + count(KIND.denyBelow)
  }

  judge(groupId: number, name: string): NameVerdict {
    const lists = this.groups[groupId] ?? []
    const { walk } = this
    if (!walk.run(lists, name)) return verdict(false, 'dns.not-allowed', NO_CLASSES, undefined, undefined)
    const label = walk.label
    const asked = walk.isNormal ? name : undefined
    if (walk.denyEntry >= 0) {
      return verdict(false, 'dns.denied', NO_CLASSES, ruleOf(lists[walk.denyList]!, walk.denyEntry, asked), label)
    }
    if (walk.allowEntry < 0) return verdict(false, 'dns.not-allowed', NO_CLASSES, undefined, label)
    const list = lists[walk.allowList]!
    const rule = ruleOf(list, walk.allowEntry, asked)
    const allowed = verdict(true, 'allow.name', this.classSet(walk), rule, label)
    if (!isWildcard(list.table.kind(walk.allowEntry))) return allowed
    allowed.wildcardSuffix = rule.text.slice(2)
    allowed.wildcardOctets = walk.length - allowed.wildcardSuffix.length - 1
    return allowed
  }

  denied(groupId: number, name: string): boolean {
    return this.walk.run(this.groups[groupId] ?? [], name) && this.walk.denyEntry >= 0
  }

  label(groupId: number, name: string): string | undefined {
    return this.walk.run(this.groups[groupId] ?? [], name) ? this.walk.label : undefined
  }

  *allowEntries(groupId: number): Generator<string> {
    for (const { table } of this.groups[groupId] ?? []) yield* texts(table, KIND.allow)
  }

  *denyEntries(groupId: number): Generator<string> {
    for (const { table } of this.groups[groupId] ?? []) yield* texts(table, KIND.deny)
  }

  forEachAllow(groupId: number, visit: NameVisitor): void {
    for (const { table } of this.groups[groupId] ?? []) visitAll(table, KIND.allow, visit)
  }

  forEachDeny(groupId: number, visit: NameVisitor): void {
    for (const { table } of this.groups[groupId] ?? []) visitAll(table, KIND.deny, visit)
  }

  /** One array per set of classes, however many names have it. */
  private classSet(walk: SuffixWalk): readonly number[] {
    if (walk.classCount > 1) return walk.classes.slice(0, walk.classCount).sort((a, b) => a - b)
    const id = walk.classes[0]!
    const known = this.classSets.get(id) ?? [id]
    this.classSets.set(id, known)
    return known
  }
}

/** Built by assignment: this is asked for every query, and spreading objects would cost more than the look-up. */
function verdict(
  allowed: boolean,
  reason: ReasonCode,
  classIds: readonly number[],
  rule: Rule | undefined,
  label: string | undefined,
): Writable<NameVerdict> {
  const result: Writable<NameVerdict> = { allowed, reason, classIds, wildcardOctets: 0 }
  if (rule !== undefined) result.rule = rule
  if (label !== undefined) result.label = label
  return result
}

/** `asked`: the name in normal form, where it is at hand; what an exact entry says need not be read again then. */
function ruleOf(nameList: NameList, entry: number, asked: string | undefined): Rule {
  const { table } = nameList
  const kind = table.kind(entry)
  const text = asked === undefined || isWildcard(kind) ? table.text(entry) : asked
  const list = kind >= KIND.deny ? 'deny' : 'allow'
  if (nameList.origin === 'config') return { path: entryPlace(nameList, list, 'domain', text), text }
  return { path: `$.${list}.domains[${table.positions[entry]}]`, text }
}

function* texts(table: NameTable, exact: number): Generator<string> {
  if (table.counts[exact]! + table.counts[exact + 1]! === 0) return
  for (let entry = 0; entry < table.size; entry++) {
    const kind = table.kind(entry)
    if (kind === exact || kind === exact + 1) yield table.text(entry)
  }
}

function visitAll(table: NameTable, exact: number, visit: NameVisitor): void {
  const { blob, starts, size } = table
  if (table.counts[exact]! + table.counts[exact + 1]! === 0) return
  for (let entry = 0; entry < size; entry++) {
    const end = starts[entry + 1]! - 1
    const kind = blob[end]!
    if (kind === exact) visit(blob, starts[entry]!, end, false)
    else if (kind === exact + 1) visit(blob, starts[entry]!, end, true)
  }
}
