import { REASONS, type ReasonCode } from '../base/reasons.ts'
import { TABLE } from './names.ts'
import { withSocket } from './netlink/kept-socket.ts'
import { readCounterObjects, readTable } from './netlink/table-objects.ts'
import { LOG_COUNTERS } from './ruleset/denials.ts'

export interface Count {
  readonly packets: number
  readonly bytes: number
}

/** Exact counts since the table was loaded first; commits keep them. */
export interface Counters {
  /** The kernel's handle of the table: with another one, all counts began anew. Absent: there is none. */
  readonly table?: number
  /** By group key (`any` for what no group decides) and reason. */
  readonly denied: Readonly<Record<string, Partial<Record<ReasonCode, Count>>>>
  /** Denials with a record, and denials over the limits without one. */
  readonly logged: Count
  readonly notLogged: Count
}

const NONE: Count = { packets: 0, bytes: 0 }
const DENIAL = /^deny\.([a-z0-9]+)\.(.+)$/

/** The table and one dump of its named counters; it resets nothing. All zero where there is no table. */
export function readCounters(): Counters {
  const denied: Record<string, Partial<Record<ReasonCode, Count>>> = {}
  let logged = NONE
  let notLogged = NONE
  const { table, objects } = withSocket((socket) => ({
    table: readTable(socket, TABLE)?.handle,
    objects: readCounterObjects(socket, TABLE),
  }))
  for (const { name, packets, bytes } of objects) {
    if (name === LOG_COUNTERS.logged) logged = { packets, bytes }
    if (name === LOG_COUNTERS.notLogged) notLogged = { packets, bytes }
    const match = DENIAL.exec(name)
    if (match === null || !(match[2]! in REASONS)) continue
    denied[match[1]!] = { ...denied[match[1]!], [match[2]!]: { packets, bytes } }
  }
  return { ...(table === undefined ? {} : { table }), denied, logged, notLogged }
}
