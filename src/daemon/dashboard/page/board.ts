import type { Api } from './api.ts'
import type { Session, Status, Window } from './gateway-facts.ts'

/** What the panels of the dashboard share. */
export interface Board {
  readonly api: Api
  readonly session: Session
  /** Aborted when the user signs out. */
  readonly signal: AbortSignal
  window(): Window
  /** Shows the records of a client or a name. */
  search(text: string): void
  /** Asks the policy about a name or an address. */
  why(question: { readonly name: string; readonly port?: number; readonly client?: string }): void
}

/** A part of the dashboard. What it asks may fail; then it is asked again with the next round. */
export interface Panel {
  /** The status was read anew. */
  onStatus?(status: Status): void
  /** Counts may have changed, or another time is shown. */
  refresh?(): Promise<void>
}
