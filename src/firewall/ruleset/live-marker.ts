import { type Ruleset, shapeOf } from './text.ts'

/** What a loaded ruleset says about itself in the name of an empty chain. */
export interface LiveMarker {
  /** The Plan's generation; absent in the closed ruleset. */
  readonly generation?: string
  /** Number in the mark field; 0 in the closed ruleset. */
  readonly mark: number
  readonly chains: number
  readonly uses: number
}

const PATTERN = /^generation\.(closed|[0-9a-f]{1,64})\.([0-9]{1,10})\.([0-9]{1,10})\.([0-9]{1,10})$/

/** The ruleset with its marker chain, which counts every chain and use, so that a missing rule can be seen. */
export function withMarker(ruleset: Ruleset, generation: string | undefined, mark: number): Ruleset {
  const { chains, uses } = shapeOf(ruleset)
  const name = `generation.${generation ?? 'closed'}.${mark}.${chains + 1}.${uses}`
  return { ...ruleset, chains: [...ruleset.chains, { name, rules: [] }] }
}

export function parseMarker(chain: string): LiveMarker | undefined {
  const match = PATTERN.exec(chain)
  if (match === null) return undefined
  const [, generation, mark, chains, uses] = match
  return {
    ...(generation === 'closed' ? {} : { generation: generation! }),
    mark: Number(mark),
    chains: Number(chains),
    uses: Number(uses),
  }
}
