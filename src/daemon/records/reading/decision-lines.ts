import type { DecisionRecord } from '../kinds/record.ts'
import { parseRecord } from '../kinds/record-kinds.ts'
import { NewestLines, type ReadingBudget } from './newest-lines.ts'
import { textOfLine } from './record-filter.ts'

/**
 * Decision records, newest first, over the log and its older files, until the caller stops or the budget is spent.
 * Lines that are no records of this version are passed over.
 */
export async function* newestDecisions(path: string, budget: ReadingBudget): AsyncGenerator<DecisionRecord> {
  const lines = new NewestLines(path, budget)
  try {
    while (budget.left > 0) {
      await lines.fill()
      if (lines.isEnded) return
      for (; lines.line !== undefined; lines.advance()) {
        const record = parseRecord('deny', textOfLine(lines.line))
        if (record !== undefined) yield record as DecisionRecord
      }
    }
  } finally {
    await lines.close()
  }
}
