import type { ReasonCode } from '../../base/reasons.ts'
import type { Lab } from '../lab/lab.ts'
import type { AgentNumber } from '../lab/topology.ts'
import type { Trace } from './evidence.ts'

/** What became of one attempt. */
export interface Outcome {
  readonly allowed: boolean
  /** A few words for the table. */
  readonly happened: string
  readonly ms: number
  /** Nothing came back at all: never right, for a refusal must be told. */
  readonly silent?: boolean
  /** Packets or questions of the attempt that reached the internet though they must not. */
  readonly leaked?: number
}

/** One line of the demo's table. */
export interface Row {
  readonly what: string
  readonly agent: AgentNumber
  readonly expected: 'allowed' | 'refused'
  readonly reason: ReasonCode
  /** How the gateway's records name the attempt. */
  readonly trace: Pick<Trace, 'name' | 'address' | 'port'>
  /** Address family that the client used, to know it by. */
  readonly family: 4 | 6
  /** Protocol and port for `decide()`, where the attempt is allowed. */
  readonly protocol?: 'tcp' | 'udp'
  readonly port?: number
  readonly attempt: (lab: Lab) => Promise<Outcome>
}
