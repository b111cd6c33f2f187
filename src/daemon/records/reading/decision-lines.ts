import type { DecisionRecord } from '../kinds/record.ts'
import { parseRecord } from '../kinds/record-kinds.ts'
import { newestLines } from './newest-lines.ts'

/**
 * Decision records, newest first, over the log and its older files, until the caller stops or `maxBytes` were read.
 * Lines that are no records of this version are passed over.
 */
export async function* newestDecisions(path: string, maxBytes: number): AsyncGenerator<DecisionRecord> {
  for await (const lines of newestLines(path, maxBytes))
    for (const line of lines) {
      const record = parseRecord('deny', line)
      if (record !== undefined) yield record as DecisionRecord
    }
}
