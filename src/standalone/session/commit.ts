import { formatProblem } from '../../base/errors.ts'
import { problemsOf } from '../../conf_mode/failure.ts'
import {
  type ConfigDict,
  type ConfigNode,
  ConfigTree,
  checkTree,
  configDict,
  configJson,
  type Definitions,
} from '../../vyos/index.ts'
import { callOwner, type OwnerCaller, type OwnerResult } from './owner-call.ts'
import { type OwnerUnit, planCommit } from './owner-units.ts'

export interface CommitResult {
  readonly ok: boolean
  /** What is in force now: the proposed tree, but for subtrees whose owner refused. */
  readonly active: ConfigTree
}

/** Everything that a commit needs besides the trees. */
export interface CommitSurroundings {
  readonly definitions: Definitions
  readonly caller: OwnerCaller
  readonly write: (text: string) => void
  /** Nothing is in force yet, so a section that is refused must not leave its clients unpoliced. */
  readonly booting?: boolean
}

/**
 * Carries a configuration out: one call for each owner whose own subtree changed. As on VyOS a subtree whose owner
 * refuses stays as it was, the others are applied, and what nobody owns is applied silently.
 */
export async function commitTree(
  before: ConfigTree,
  after: ConfigTree,
  surroundings: CommitSurroundings,
): Promise<CommitResult> {
  const { definitions, write } = surroundings
  const { units, warnings } = planCommit(definitions, before, after)
  for (const warning of warnings) write(`${warning}\n`)
  const failed = new Set<string>()
  for (const unit of units) {
    if (isBlocked(unit, units, failed)) {
      failed.add(keyOf(unit.path))
    } else {
      const effective = compose(before, after, units, failed, unit)
      const result = await callUnit(unit, effective, after, surroundings).catch(refusedBy)
      if (result.output !== '') write(`[ ${unit.path.join(' ')} ]\n${result.output}\n`)
      if (result.ok) continue
      failed.add(keyOf(unit.path))
    }
    write(unit.deleted ? `delete [ ${unit.path.join(' ')} ] failed\n` : `[[${unit.path.join(' ')}]] failed\n`)
  }
  if (failed.size > 0) write('Commit failed\n')
  return { ok: failed.size === 0, active: compose(before, after, units, failed) }
}

/** Owners that were called before stay called, so whatever is thrown is this one's refusal. */
const refusedBy = (error: unknown): OwnerResult => ({
  ok: false,
  output: `${problemsOf(error).map(formatProblem).join('\n')}\n`,
})

const keyOf = (path: readonly string[]): string => path.join('\0')

/** A part of something that could not be created, or whose own parts could not be deleted, is not called. */
function isBlocked(unit: OwnerUnit, units: readonly OwnerUnit[], failed: ReadonlySet<string>): boolean {
  if (unit.deleted)
    return units.some((inner) => inner.deleted && inner.parent === unit && failed.has(keyOf(inner.path)))
  for (let outer = unit.parent; outer !== undefined; outer = outer.parent) {
    if (outer.created && failed.has(keyOf(outer.path))) return true
  }
  return false
}

async function callUnit(
  unit: OwnerUnit,
  effective: ConfigTree,
  proposed: ConfigTree,
  { definitions, caller, booting }: CommitSurroundings,
): Promise<OwnerResult> {
  const problems = checkTree(definitions, proposed, unit.path)
  const refused = `${problems.map(formatProblem).join('\n')}\nValue validation failed\n`
  if (problems.length > 0 && !booting) return { ok: false, output: refused }
  const wanted = configDict(proposed, definitions, unit.path)
  const pki = proposed.get(['pki'])
  const result = await callOwner(caller, unit.owner, {
    // told of nothing but its clients, the owner refuses too, and denies them everything
    proposed: problems.length > 0 && wanted !== undefined ? clientsOf(wanted) : (wanted ?? null),
    effective: configDict(effective, definitions, unit.path) ?? null,
    pki: pki === undefined ? null : configJson(ConfigTree.empty.withRoot(pki)),
    dry_run: false,
    ...(unit.tag === undefined ? {} : { tag: unit.tag }),
  })
  return problems.length > 0 ? { ok: false, output: refused + result.output } : result
}

const clientsOf = ({ client }: ConfigDict): ConfigDict => (client === undefined ? {} : { client })

/**
 * The tree in which failed units are as before and all else is as proposed. With `until`, units from that one on count
 * as not carried out yet: what is in force while its owner runs.
 */
function compose(
  before: ConfigTree,
  after: ConfigTree,
  units: readonly OwnerUnit[],
  failed: ReadonlySet<string>,
  until?: OwnerUnit,
): ConfigTree {
  const waiting = until === undefined ? [] : units.slice(units.indexOf(until))
  const kept = new Set([...failed, ...waiting.map((unit) => keyOf(unit.path))])
  const isUnit = new Set(units.map((unit) => keyOf(unit.path)))

  const build = (path: readonly string[], old: ConfigNode | undefined, now: ConfigNode | undefined, keep: boolean) => {
    if (old === now) return now
    const own = keep ? old : now
    const built = new Map<string, ConfigNode>()
    for (const name of new Set([...(old?.children.keys() ?? []), ...(now?.children.keys() ?? [])])) {
      const at = [...path, name]
      const key = keyOf(at)
      const keepChild = isUnit.has(key) ? kept.has(key) : keep
      const child: ConfigNode | undefined = build(at, old?.children.get(name), now?.children.get(name), keepChild)
      if (child !== undefined) built.set(name, child)
    }
    if (built.size === 0 && (own === undefined || own.tag)) return undefined
    const base = own ?? (keep ? now : old)!
    return { ...base, values: own?.values ?? [], children: built }
  }
  return new ConfigTree(build([], before.root, after.root, false) ?? ConfigTree.empty.root, after.footer)
}
