import { type FrozenCounts, freezeRows, frozenValue, REASON_SPACE } from './count-table.ts'
import type { Entities } from './entities.ts'
import { type Dimension, MEASURES, REASON_CODES, REASON_NUMBERS } from './measures.ts'
import type { StoredStep, TelemetryStore } from './store.ts'
import { LEVELS, type Step } from './timeline.ts'

/** With names in place of numbers, which are good for one run only. */
export function storedForm(counts: FrozenCounts, entities: Entities): StoredStep {
  const dimensions: string[] = []
  const keys: string[] = []
  const values: number[] = []
  const rowOf = new Map<number, number>()
  counts.ids.forEach((id, row) => {
    const { dimension, key } = entities.get(id)!
    rowOf.set(id, row)
    dimensions.push(dimension)
    keys.push(key)
    for (let column = 0; column < MEASURES.length; column++) values.push(frozenValue(counts, row, column))
  })
  const pairs = [...counts.reasonPairs]
  return {
    measures: MEASURES,
    reasons: REASON_CODES,
    dimensions,
    keys,
    values,
    reasonRows: pairs.map((pair) => rowOf.get(Math.floor(pair / REASON_SPACE))!),
    reasonNumbers: pairs.map((pair) => pair % REASON_SPACE),
    reasonCounts: [...counts.reasonCounts],
  }
}

/** What the store has of earlier runs; entries that find no room are left out. */
export function* loadSteps(store: TelemetryStore, entities: Entities): Generator<Step> {
  for (const { level, start, step } of store.load()) {
    if (LEVELS[level] === undefined) continue
    yield { level, start, counts: numbered(step, entities) }
  }
}

function numbered(step: StoredStep, entities: Entities): FrozenCounts {
  const ids = step.keys.map((key, row) => entities.number(step.dimensions[row] as Dimension, key))
  const reasons = step.reasons.map((code) => REASON_NUMBERS.get(code))
  const pairs: number[] = []
  const pairCounts: number[] = []
  step.reasonRows.forEach((row, at) => {
    const id = ids[row]
    const reason = reasons[step.reasonNumbers[at]!]
    if (id === undefined || reason === undefined) return
    pairs.push(id * REASON_SPACE + reason)
    pairCounts.push(step.reasonCounts[at]!)
  })
  const rows = ids.flatMap((id, row) => (id === undefined ? [] : [row]))
  return {
    ...freezeRows(
      rows,
      (row) => ids[row]!,
      (row, column) => step.values[row * MEASURES.length + column]!,
    ),
    reasonPairs: Uint32Array.from(pairs),
    reasonCounts: Uint32Array.from(pairCounts),
  }
}
