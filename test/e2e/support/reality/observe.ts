import type { DecisionRecord } from '../../../../src/daemon/records/kinds/record.ts'
import type { Lab } from '../../../../src/standalone/lab/lab.ts'
import type { AgentNumber } from '../../../../src/standalone/lab/topology.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import type { AgentWorker, Answered, Asked, Connected, Target } from '../agent-worker/index.ts'
import { canonical } from './canonical.ts'

/** What one agent saw, and what the rest of the lab saw of it, under one policy. */
export interface Observed {
  readonly client: { readonly v4: string; readonly v6: string }
  readonly answers: readonly Answered[]
  readonly packets: readonly Connected[]
  /** Flows that reached the internet: `flowKey`. */
  readonly arrived: ReadonlySet<string>
  readonly records: readonly DecisionRecord[]
}

export const flowKey = ({ address, port, protocol = 'tcp' }: Target): string => `${address} ${port} ${protocol}`

const AT_ONCE = 24

/** Asks in groups, as a few busy agents would. A SERVFAIL is asked again: a slow machine is no decision. */
export async function askAll(worker: AgentWorker, questions: readonly Asked[]): Promise<Answered[]> {
  const answers: Answered[] = []
  for (let at = 0; at < questions.length; at += AT_ONCE) {
    const group = await worker.query(questions.slice(at, at + AT_ONCE))
    const failed = group
      .filter(({ status }) => status === 'SERVFAIL')
      .map(({ name, type, server }) => ({ name, type, server }))
    const again = failed.length === 0 ? [] : await worker.query(failed)
    answers.push(...group.filter(({ status }) => status !== 'SERVFAIL'), ...again)
  }
  return answers.map((answer) => ({ ...answer, addresses: [...new Set(answer.addresses.map(canonical))].sort() }))
}

/** Tries all flows at the same time; UDP is given up sooner, because few of its servers answer. */
export async function tryAll(worker: AgentWorker, targets: readonly Target[]): Promise<Connected[]> {
  const [streams, datagrams] = await Promise.all([
    worker.connect(targets.filter(({ protocol }) => protocol !== 'udp')),
    worker.connect(
      targets.filter(({ protocol }) => protocol === 'udp'),
      500,
    ),
  ])
  return [...streams, ...datagrams]
}

/** Waits until everything expected has been seen, or the time is up: the comparison then says what is missing. */
export async function gather(
  lab: Lab,
  agent: AgentNumber,
  skip: number,
  isComplete: (seen: Pick<Observed, 'arrived' | 'records'>) => boolean,
): Promise<Pick<Observed, 'arrived' | 'records'>> {
  const { address4, address6 } = lab.agent(agent)
  const sources = [address4, address6]
  let seen: Pick<Observed, 'arrived' | 'records'> = { arrived: new Set(), records: [] }
  const look = async () => {
    const arrivals = (await lab.internet.arrivals()).filter(({ source }) => sources.includes(canonical(source)))
    const flows = arrivals.map(({ destination, port, protocol }) =>
      flowKey({ address: canonical(destination), port: port ?? 0, protocol: protocol as 'tcp' }),
    )
    seen = { arrived: new Set(flows), records: await lab.gateway.records(skip) }
    return isComplete(seen)
  }
  await until('everything has been seen', 4000, look).catch(() => undefined)
  return seen
}
