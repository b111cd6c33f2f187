import { type FrozenCounts, NOBODY } from './count-table.ts'
import type { Entities } from './entities.ts'
import { type Dimension, REASON_CODES, REASON_NUMBERS } from './measures.ts'
import { RowReader, RowWriter } from './packed-counts.ts'
import type { StoredStep, TelemetryStore } from './store.ts'
import { LEVELS, type Step } from './timeline.ts'

/** With names in place of numbers, which are good for one run only. */
export function storedForm({ ids, packed }: FrozenCounts, entities: Entities): StoredStep {
  const dimensions: string[] = []
  const keys: string[] = []
  for (const id of ids) {
    dimensions.push(entities.dimensionOf(id)!)
    keys.push(entities.keyOf(id)!)
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
  const numbers = reasons.map((code) => REASON_NUMBERS.get(code))
  const reader = new RowReader(packed)
  const writer = new RowWriter(keys.length)
  for (let row = 0; row < keys.length; row++) {
    reader.next()
    const known: [number, number][] = []
    for (let i = 0; i < reader.reasons; i++) {
      const number = numbers[reader.reasonNumbers[i]!]
      if (number !== undefined) known.push([number, reader.reasonCounts[i]!])
    }
    writer.add(reader.values, 0, known)
  }
  return writer.end()
}
