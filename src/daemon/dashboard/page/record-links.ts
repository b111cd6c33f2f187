import type { Board } from './board.ts'
import { button, type Child } from './dom.ts'
import type { AnyRecord } from './gateway-facts.ts'
import type { RecordText } from './record-text.ts'

/** A client, which leads to its records. */
export const clientLink = (board: Board, client: string): HTMLButtonElement =>
  button(client, () => board.search(client), { class: 'link', title: 'Show its records' })

/** What was asked for, which leads to what the policy says to it, where there is something to ask. */
export function targetLink(board: Board, record: AnyRecord, { target, subject, client }: RecordText): Child {
  if (subject === undefined) return target
  const question = { name: subject, ...portOf(record), ...(client === undefined ? {} : { client }) }
  return button(target, () => board.why(question), { class: 'link', title: 'Ask the policy why' })
}

const portOf = (record: AnyRecord): { port?: number } =>
  'port' in record && typeof record.port === 'number' && record.port > 0 ? { port: record.port } : {}
