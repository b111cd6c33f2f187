import type { Decision } from '../../../../src/plan/index.ts'
import { LINKS } from '../../../../src/standalone/lab/topology.ts'
import type { Target } from '../agent-worker/index.ts'
import type { Judge } from './judge.ts'

export interface ExpectedPacket {
  readonly accepted: boolean
  readonly reason: string
  /** What may be told about it: by the address, and by each name it is known by. */
  readonly explanations: readonly Decision[]
}

const of = (node: string) => LINKS.flatMap(({ left, right }) => [left, right]).filter((end) => end.node === node)
const OWN = new Set(of('gw').flatMap(({ at }) => [at.v4, at.v6]))
const AGENTS = new Set([...of('agent1'), ...of('agent2')].flatMap(({ at }) => [at.v4, at.v6]))

/** What becomes of the first packet of a flow: it passes where a listed prefix lets it, or a name told before. */
export function expectPacket(judge: Judge, client: string, target: Target, names: readonly string[]): ExpectedPacket {
  const { address, port, protocol = 'tcp' } = target
  const question = { client, address, port, protocol }
  const plain = judge.decide(question)
  const named = names.map((name) => judge.decide({ ...question, name }))
  const explanations = [plain, ...named]
  const open = explanations.find(({ verdict }) => verdict === 'allow')
  if (open !== undefined) return { accepted: true, reason: open.reason, explanations }
  // decide() answers for the policy; that these are the gateway and its clients only the packet's way can tell.
  if (OWN.has(address)) return { accepted: false, reason: 'net.gateway', explanations }
  if (AGENTS.has(address)) return { accepted: false, reason: 'net.neighbour', explanations }
  const deciding = plain.reason === 'net.not-pinned' ? (named[0] ?? plain) : plain
  return { accepted: false, reason: deciding.reason, explanations }
}
