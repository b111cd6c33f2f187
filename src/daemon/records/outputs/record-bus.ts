import type { AnyRecord } from '../kinds/record-kinds.ts'

export type RecordListener = (record: AnyRecord) => void

/** Hands every record to whoever listens in this process, in the order of the logs. */
export class RecordBus {
  private readonly listeners = new Set<RecordListener>()

  /** Returns how to stop listening. A listener that throws loses the record, and no other listener does. */
  onRecord(listener: RecordListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  publish(records: readonly AnyRecord[]): void {
    for (const listener of this.listeners) {
      for (const record of records) {
        try {
          listener(record)
        } catch {
          // Recording goes on.
        }
      }
    }
  }
}
