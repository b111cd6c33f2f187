import { counted, formatChange, formatCount, formatTime } from './format.ts'
import type { AnyRecord } from './gateway-facts.ts'

/** Kinds that a person tells apart. */
export type Kind = 'deny' | 'allow' | 'event'

/** A record in words. */
export interface RecordText {
  readonly kind: Kind
  /** A word for the kind. */
  readonly tag: string
  readonly client?: string
  /** What was asked for or connected to. */
  readonly target: string
  /** The name to search and ask about, where there is one. */
  readonly subject?: string
  readonly detail: string
  readonly count: number
}

export function textOf(record: AnyRecord): RecordText {
  switch (record.schema) {
    case 'clawgress.decision/1': {
      const subject = record.name ?? record.address
      return {
        kind: 'deny',
        tag: 'denied',
        ...(record.client === undefined ? {} : { client: record.client }),
        target: targetOf(record),
        ...(subject === undefined ? {} : { subject }),
        detail: `${record.reason}: ${record.message}`,
        count: record.count,
      }
    }
    case 'clawgress.flow/1':
      return {
        kind: 'allow',
        tag: 'allowed',
        client: record.client,
        target: targetOf(record),
        subject: record.name ?? record.address,
        detail: [record.reason, record.label].filter((part) => part !== undefined).join(', '),
        count: 1,
      }
    case 'clawgress.commit/1':
      return {
        kind: 'event',
        tag: record.event === 'failed' ? 'commit failed' : 'commit',
        target: `${record.generation ?? ''} by ${record.user}`.trim(),
        detail:
          record.problems?.map(({ message }) => message).join(' ') ?? formatChange(record.summary ?? record.event),
        count: 1,
      }
    case 'clawgress.omission/1':
      return {
        kind: 'event',
        tag: 'left out',
        target: String(record.count ?? 'unknown'),
        detail: record.message,
        count: 1,
      }
    default:
      return { kind: 'event', tag: 'alert', target: record.event, detail: record.message, count: 1 }
  }
}

interface Target {
  readonly name?: string | undefined
  readonly types?: readonly string[] | undefined
  readonly address?: string | undefined
  readonly port?: number | undefined
  readonly protocol?: string | undefined
}

/** `www.example.com A`, `62.30.99.1 443/tcp`. */
function targetOf({ name, types, address, port, protocol }: Target): string {
  const service = port === undefined ? protocol : `${port}/${protocol ?? 'tcp'}`
  return [name, types?.join(','), address, service].filter((part) => part !== undefined && part !== '').join(' ')
}

/** What a search has found, and whether that is all: `searchedTo` where what is older is yet to be looked through. */
export function summaryOf(
  text: string,
  records: readonly AnyRecord[],
  searchedTo: string | null,
  hasOlder: boolean,
): string {
  const denied = records.filter(({ schema }) => schema === 'clawgress.decision/1').length
  const back =
    searchedTo === null ? '' : ` Searched back to ${formatTime(Date.parse(searchedTo))}; there may be older ones.`
  if (records.length > 0)
    return `${counted(records.length, 'record')} of ${text}, ${formatCount(denied)} of them denials; newest first.${back}`
  return hasOlder ? `No record of ${text} so far.${back}` : `Nothing is recorded of ${text}.`
}
