import assert from 'node:assert/strict'
import { CONTENT, poolHost } from '../../../src/standalone/lab/internet/addresses.ts'
import type { Lab } from '../../../src/standalone/lab/lab.ts'
import { AGENTS } from '../../../src/standalone/lab/topology.ts'
import type { AgentWorker, Answered, Target } from './agent-worker/index.ts'

/** Never listed by the policies of these tests. */
export const DENIED_NAMES = ['h9.pool.net', 'www.example.com', 'x.api.openai.com'] as const

const web = (address: string, port = 443): Target => ({ address, port })

/** Never reachable under the policies of these tests: unlisted addresses, an unlisted port of a listed one, DNS. */
export const DENIED_TARGETS: readonly Target[] = [
  ...[CONTENT.raw, CONTENT.example, poolHost(9)].flatMap(({ v4, v6 }) => [web(v4), web(v6)]),
  web(CONTENT.openai.v4, 8080),
  web(CONTENT.openai.v6, 8080),
  { ...web(CONTENT.raw.v4), protocol: 'udp' },
  { ...web(CONTENT.raw.v6), protocol: 'udp' },
]

/** A policy that allows the names, and the listed prefix. */
export const policyOf = (...domains: string[]) => ({
  version: 1,
  allow: { domains, ips: ['1.2.3.0/24'], ports: [80, 443] },
})

/** The kernel sends a client so many "prohibited" a second and no more, and who misses one waits. */
const PATIENCE_MS = 1_000

/** Nothing unlisted resolves or opens right now. Asks names and tries addresses in both families. */
export async function assertNothingUnlisted(
  worker: AgentWorker,
  names: readonly string[] = DENIED_NAMES,
  targets: readonly Target[] = DENIED_TARGETS,
): Promise<void> {
  const [answers, connections] = await Promise.all([worker.ask(names), worker.connect(targets, PATIENCE_MS)])
  for (const answer of answers) {
    assert.deepEqual(answer.addresses, [], JSON.stringify(answer))
    assert.notEqual(answer.status, 'NOERROR', JSON.stringify(answer))
  }
  for (const connection of connections) assert.notEqual(connection.outcome, 'open', JSON.stringify(connection))
}

/** Every name resolves in both families, and the first connection to every answer opens. */
export async function assertReachable(worker: AgentWorker, names: readonly string[]): Promise<void> {
  const answers = await worker.ask(names)
  for (const answer of answers) assert.equal(answer.addresses.length > 0, true, JSON.stringify(answer))
  await assertConnects(worker, answers)
}

async function assertConnects(worker: AgentWorker, answers: readonly Answered[]): Promise<void> {
  const targets = answers.flatMap(({ addresses }) => addresses.map((address) => web(address)))
  for (const connection of await worker.connect(targets))
    assert.equal(connection.outcome, 'open', JSON.stringify(connection))
}

/** The names do not exist for agents, and nothing but NXDOMAIN is said of them. */
export async function assertDenied(worker: AgentWorker, names: readonly string[]): Promise<void> {
  for (const answer of await worker.ask(names)) assert.equal(answer.status, 'NXDOMAIN', JSON.stringify(answer))
}

const isAgent = (source: string) =>
  Object.values(AGENTS).some(({ v4, v6 }) => source === v4 || source === v6) || /^(10\.77\.|fd77:)/.test(source)

/**
 * No packet of an agent reached the internet but those to the given addresses' web ports and the listed prefix, and no
 * question for a denied name reached any name server, since `internet.forget`.
 */
export async function assertNothingLeaked(
  lab: Lab,
  permitted: readonly string[],
  deniedNames: readonly string[] = DENIED_NAMES,
): Promise<void> {
  const leaks = (await lab.internet.arrivals()).filter(
    ({ source, destination, port }) =>
      isAgent(source) &&
      !((permitted.includes(destination) || destination.startsWith('1.2.3.')) && (port === 80 || port === 443)),
  )
  assert.deepEqual(leaks, [])
  const asked = (await lab.internet.questions()).filter(({ name }) => deniedNames.includes(name))
  assert.deepEqual(asked, [])
}

export const addressesOf = (...hosts: { v4: string; v6: string }[]): string[] => hosts.flatMap(({ v4, v6 }) => [v4, v6])
