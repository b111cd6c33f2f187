import { createHash } from 'node:crypto'
import { TABLE } from '../names.ts'

/** A chain: with a hook where `base` is given, else entered by jump and goto only. */
export interface Chain {
  readonly name: string
  /** `type … hook … priority …; policy …;` */
  readonly base?: string
  readonly rules: readonly string[]
}

export interface NamedSet {
  readonly name: string
  readonly kind: 'set' | 'map'
  /** Type, flags and size. */
  readonly definition: string
  /** Absent: filled by packets or by the pinner, and kept across loads. */
  readonly elements?: readonly string[]
}

export interface Ruleset {
  readonly chains: readonly Chain[]
  readonly sets: readonly NamedSet[]
  readonly counters: readonly string[]
  /** Name and rate. */
  readonly limits: readonly (readonly [string, string])[]
}

/** What the kernel holds in our table now. */
export interface LiveObjects {
  readonly chains: readonly string[]
  readonly sets: readonly { readonly name: string; readonly kind: 'set' | 'map' }[]
  readonly counters: readonly string[]
}

export const NO_OBJECTS: LiveObjects = { chains: [], sets: [], counters: [] }

/**
 * A set whose name carries a hash of its elements: equal content is the same set, so a commit that leaves a large list
 * alone does not load it again, and a set's content never changes under the rules that use it.
 */
export function contentSet(
  prefix: string,
  kind: 'set' | 'map',
  definition: string,
  elements: readonly string[],
): NamedSet {
  const hash = createHash('sha256').update(definition)
  for (const element of elements) hash.update('\n').update(element)
  return { name: `${prefix}_${hash.digest('hex').slice(0, 12)}`, kind, definition, elements }
}

/** How many chains, and how many uses of chains (rules in them, jumps to them) the kernel must show for the ruleset. */
export function shapeOf(ruleset: Ruleset): { readonly chains: number; readonly uses: number } {
  let uses = 0
  const count = (line: string) => {
    uses += line.match(/\b(?:goto|jump) /g)?.length ?? 0
  }
  for (const chain of ruleset.chains) {
    uses += chain.rules.length
    chain.rules.forEach(count)
  }
  for (const set of ruleset.sets) set.elements?.forEach(count)
  return { chains: ruleset.chains.length, uses }
}

/**
 * One nft transaction that makes the table exactly this ruleset, whatever it held. Sets without elements keep what they
 * hold; objects that are live but not wanted go, except sets that `keep` names. Lists that are live already are only
 * referred to: where they have gone meanwhile, the kernel refuses the transaction rather than taking it without them.
 */
export function printTransaction(ruleset: Ruleset, live: LiveObjects, keep: (set: string) => boolean): string {
  const wanted = {
    chains: new Set(ruleset.chains.map((chain) => chain.name)),
    sets: new Set(ruleset.sets.map((set) => set.name)),
    counters: new Set(ruleset.counters),
  }
  const loaded = new Set(live.sets.map((set) => set.name))
  const isLoaded = (set: NamedSet) => set.elements !== undefined && loaded.has(set.name)
  const lines = [`table inet ${TABLE} {`]
  for (const set of ruleset.sets) if (!isLoaded(set)) lines.push(`  ${set.kind} ${set.name} { ${set.definition} }`)
  for (const counter of ruleset.counters) lines.push(`  counter ${counter} { }`)
  for (const [name, rate] of ruleset.limits) lines.push(`  limit ${name} { rate ${rate}; }`)
  for (const chain of ruleset.chains) if (chain.base === undefined) lines.push(`  chain ${chain.name} { }`)
  lines.push('}', `flush table inet ${TABLE}`)
  for (const set of live.sets) {
    if (!wanted.sets.has(set.name) && !keep(set.name)) lines.push(`delete ${set.kind} inet ${TABLE} ${set.name}`)
  }
  for (const name of live.chains) if (!wanted.chains.has(name)) lines.push(`delete chain inet ${TABLE} ${name}`)
  for (const name of live.counters) if (!wanted.counters.has(name)) lines.push(`delete counter inet ${TABLE} ${name}`)
  lines.push(`table inet ${TABLE} {`)
  for (const set of ruleset.sets) {
    if (set.elements === undefined || isLoaded(set)) continue
    lines.push(
      `  ${set.kind} ${set.name} {`,
      `    ${set.definition}`,
      `    elements = { ${set.elements.join(', ')} }`,
      '  }',
    )
  }
  for (const chain of ruleset.chains) {
    if (chain.base === undefined && chain.rules.length === 0) continue
    lines.push(`  chain ${chain.name} {`)
    if (chain.base !== undefined) lines.push(`    ${chain.base}`)
    for (const rule of chain.rules) lines.push(`    ${rule}`)
    lines.push('  }')
  }
  lines.push('}', '')
  return lines.join('\n')
}
