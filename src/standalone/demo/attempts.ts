import type { Lab } from '../lab/lab.ts'
import type { AgentNumber } from '../lab/topology.ts'
import type { Outcome, Row } from './row.ts'

type Family = 4 | 6

const ofFamily = (family: Family) => (family === 4 ? 'A' : 'AAAA')

/** A web page of a name, fetched with curl, as an agent's program would. */
export const fetchAllowed = (what: string, agent: AgentNumber, family: Family, name: string): Row => ({
  what,
  agent,
  expected: 'allowed',
  reason: 'allow.name',
  trace: { name },
  family,
  protocol: 'tcp',
  port: 443,
  attempt: (lab) => fetchPage(lab, agent, `https://${name}/`, family),
})

/** A web page of an address that no name led to. */
export const fetchListed = (what: string, agent: AgentNumber, address: string): Row => ({
  what,
  agent,
  expected: 'allowed',
  reason: 'allow.address',
  trace: { address, port: 443 },
  family: 4,
  protocol: 'tcp',
  port: 443,
  attempt: (lab) => fetchPage(lab, agent, `https://${address}/`, 4),
})

async function fetchPage(lab: Lab, agent: AgentNumber, url: string, family: Family): Promise<Outcome> {
  const { status, address, error, exitCode, ms } = await lab.agent(agent).fetch(url, { family })
  const happened = status === 200 ? `200 from ${address}` : `curl ${exitCode}: ${error}`
  return { allowed: status === 200, happened, ms, silent: exitCode === 28 }
}

/**
 * A name that must not resolve, asked for by curl and, to show the answer, by dig.
 * @param hidden the question must not even reach the internet, because the name itself is refused
 */
export const fetchRefused = (
  what: string,
  agent: AgentNumber,
  family: Family,
  name: string,
  reason: Row['reason'],
  hidden = true,
): Row => ({
  what,
  agent,
  expected: 'refused',
  reason,
  trace: { name },
  family,
  attempt: async (lab) => {
    const [fetched, asked] = [
      await lab.agent(agent).fetch(`https://${name}/`, { family }),
      await lab.agent(agent).resolve(name, { type: ofFamily(family) }),
    ]
    const leaked = hidden ? (await lab.internet.questions()).filter((question) => question.name === name).length : 0
    const refused = fetched.exitCode === 6 && asked.addresses.length === 0
    return {
      allowed: !refused,
      happened: refused ? `${asked.status}, no address` : `curl ${fetched.exitCode}, ${asked.addresses.join(' ')}`,
      ms: fetched.ms,
      silent: asked.status === 'TIMEOUT' || fetched.exitCode === 28,
      leaked,
    }
  },
})

/** A connection or datagram to an address that is not reachable, or not on this port. */
export const connectRefused = (
  what: string,
  agent: AgentNumber,
  address: string,
  port: number,
  protocol: 'tcp' | 'udp',
  reason: Row['reason'],
): Row => ({
  what,
  agent,
  expected: 'refused',
  reason,
  trace: { address, port },
  family: address.includes(':') ? 6 : 4,
  attempt: async (lab) => {
    const { event, code, ms } = await lab.agent(agent).connect(address, port, protocol)
    return {
      allowed: event === 'held',
      happened:
        event === 'held'
          ? 'connected'
          : event === 'silent'
            ? 'no answer at all'
            : (SENTENCES[code ?? ''] ?? `refused (${code})`),
      ms,
      silent: event === 'silent',
      leaked: await arrived(lab, address, port),
    }
  },
})

const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused at once',
  EHOSTUNREACH: 'ICMP: prohibited',
  EACCES: 'ICMP: prohibited',
}

/** A question addressed to a resolver of others: the gateway answers in its place. */
export const askElsewhere = (
  what: string,
  agent: AgentNumber,
  server: string,
  name: string,
  truth: string | undefined,
): Row => {
  const family = server.includes(':') ? 6 : 4
  return {
    what,
    agent,
    expected: truth === undefined ? 'refused' : 'allowed',
    reason: truth === undefined ? 'dns.not-allowed' : 'allow.name',
    trace: { name },
    family,
    attempt: async (lab) => {
      const answer = await lab.agent(agent).resolve(name, { server, type: ofFamily(family) })
      return {
        allowed: answer.addresses.length === 1 && answer.addresses[0] === truth,
        happened:
          answer.addresses.length === 0 ? `${answer.status} by gateway` : `${answer.addresses.join(' ')} by gateway`,
        ms: answer.ms,
        silent: answer.status === 'TIMEOUT',
        leaked: await arrived(lab, server, 53),
      }
    },
  }
}

async function arrived(lab: Lab, destination: string, port: number): Promise<number> {
  const arrivals = await lab.internet.arrivals()
  return arrivals.filter((arrival) => arrival.destination === destination && arrival.port === port).length
}
