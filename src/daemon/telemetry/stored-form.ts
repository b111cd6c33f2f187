import { CountTable, type FrozenCounts } from './count-table.ts'
import type { Entities } from './entities.ts'
import { MEASURES, REASON_CODES, REASON_NUMBERS } from './measures.ts'
import type { StoredStep, TelemetryStore } from './store.ts'
import { LEVELS, type Step } from './timeline.ts'

/** With names in place of numbers, which are good for one run only. */
export function storedForm(counts: FrozenCounts, entities: Entities): StoredStep {
  const table = new CountTable()
  table.merge(counts)
  const rows: StoredStep['rows'] = []
  const rowOf = new Map<number, number>()
  table.forEach((id, row) => {
    const { dimension, key } = entities.get(id)!
    rowOf.set(id, rows.length)
    rows.push([dimension, key, ...MEASURES.map(row)] as StoredStep['rows'][number])
  })
  const reasons: StoredStep['reasons'] = []
  table.forEachReason((id, reason, count) => reasons.push([rowOf.get(id)!, REASON_CODES[reason]!, count]))
  return { rows, reasons }
}

/** What the store has of earlier runs; entries that find no room are left out. */
export function* loadSteps(store: TelemetryStore, entities: Entities): Generator<Step> {
  for (const { level, start, step } of store.load()) {
    if (LEVELS[level] === undefined) continue
    yield { level, start, counts: numbered(step, entities) }
  }
}

function numbered({ rows, reasons }: StoredStep, entities: Entities): FrozenCounts {
  const table = new CountTable()
  const ids = rows.map(([dimension, key, ...values]) => {
    const id = entities.number(dimension, key)
    if (id !== undefined) for (const [at, measure] of MEASURES.entries()) table.add(id, measure, values[at]!)
    return id
  })
  for (const [row, code, count] of reasons) {
    const id = ids[row]
    const reason = REASON_NUMBERS.get(code)
    if (id !== undefined && reason !== undefined) table.addReason(id, reason, count)
  }
  return table.freeze()
}
