import { REASONS } from '../../base/reasons.ts'
import type { DecisionRecord } from '../records/kinds/record.ts'
import type { Condition } from './alert.ts'

/** Clients that are remembered; then the one that was refused longest ago is forgotten. */
export const MAX_CLIENTS = 10_000
/** Milliseconds that it is told as something new. */
const NEW_MS = 300_000
const MAX_NEW = 200

/** Clients that were refused a name for the first time: a program that changed its ways, or a person at its keys. */
export class FirstDenials {
  /** In the order of their last denial. Only their number is bounded: by age, a clock that is set would renew them all. */
  private readonly known = new Set<string>()
  private fresh: { readonly record: DecisionRecord; readonly at: number }[] = []
  /** Whether there is something new to keep. */
  isChanged = false

  restore(clients: readonly string[]): void {
    for (const client of clients.slice(-MAX_CLIENTS)) this.known.add(client)
  }

  get clients(): string[] {
    return [...this.known]
  }

  take(record: DecisionRecord, monotonic: number): void {
    const { client, name } = record
    if (client === undefined || name === undefined) return
    const isNew = !this.known.delete(client)
    this.known.add(client)
    if (!isNew) return
    this.isChanged = true
    if (this.known.size > MAX_CLIENTS) this.known.delete(this.known.values().next().value!)
    if (this.fresh.length < MAX_NEW) this.fresh.push({ record, at: monotonic })
  }

  evaluate(monotonic: number): Condition[] {
    this.fresh = this.fresh.filter(({ at }) => monotonic - at < NEW_MS)
    return this.fresh.map(({ record }) => ({
      event: 'client.first-denial',
      labels: { client: record.client!, group: record.group },
      severity: 'info',
      summary: `${record.client} (group ${record.group}) was refused ${record.name}, its first refused name: ${record.reason}.`,
      description: `${REASONS[record.reason].operator} For the agent: ${REASONS[record.reason].agent}`,
    }))
  }
}
