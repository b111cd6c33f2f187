import { type FrozenCounts, NOBODY } from './count-table.ts'
import type { Entities } from './entities.ts'
import { type Dimension, REASON_CODES, REASON_NUMBERS } from './measures.ts'
import { pack, unpack } from './packed-counts.ts'
import type { StoredStep, TelemetryStore } from './store.ts'
import { LEVELS, type Step } from './timeline.ts'

/** With names in place of numbers, which are good for one run only. */
export function storedForm({ ids, packed }: FrozenCounts, entities: Entities): StoredStep {
  const dimensions: string[] = []
  const keys: string[] = []
  for (const id of ids) {
    const { dimension, key } = entities.get(id)!
    dimensions.push(dimension)
    keys.push(key)
  }
  return { reasons: REASON_CODES, dimensions, keys, packed }
}

/** What the store has of earlier runs; entries that find no room are left out. */
export function* loadSteps(store: TelemetryStore, entities: Entities): Generator<Step> {
  for (const { level, start, step } of store.load()) {
    if (LEVELS[level] === undefined) continue
    const ids = Uint32Array.from(step.keys, (key, row) => {
      return entities.number(step.dimensions[row] as Dimension, key) ?? NOBODY
    })
    yield { level, start, counts: { ids, packed: withOurReasons(step) } }
  }
}

/** Another version may have had other reasons; what it knew and we do not is left out. */
function withOurReasons({ reasons, keys, packed }: StoredStep): Uint8Array {
  if (reasons.join() === REASON_CODES.join()) return packed
  const columns = unpack(packed, keys.length)
  const numbers = reasons.map((code) => REASON_NUMBERS.get(code))
  const known = (_: number, at: number) => numbers[columns.reasonNumbers[at]!] !== undefined
  return pack({
    ...columns,
    reasonRows: columns.reasonRows.filter(known),
    reasonCounts: columns.reasonCounts.filter(known),
    reasonNumbers: columns.reasonNumbers.filter(known).map((number) => numbers[number]!),
  })
}
