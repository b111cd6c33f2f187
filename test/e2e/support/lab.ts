import { after, before } from 'mocha'
import { Lab } from '../../../src/standalone/lab/lab.ts'
import { ensureBundle } from './bundle.ts'

export {
  CONTENT,
  FALSE_ANSWER,
  FALSE_RESOLVERS,
  FORBIDDEN,
  PUBLIC_RESOLVER,
} from '../../../src/standalone/lab/internet/addresses.ts'
export { until } from '../../../src/standalone/lab/until.ts'
export type { Lab }

/** The first example of the policy's documentation, as it stands. */
export const SEED = {
  version: 1,
  allow: {
    domains: ['api.openai.com', 'api.anthropic.com', 'api.openrouter.ai'],
    ips: ['1.2.3.0/24'],
    ports: [53, 80, 443],
  },
  labels: { 'api.openai.com': 'llm-provider', 'api.anthropic.com': 'llm-provider' },
} as const

let labs = 0

/** Name of a lab that no other test run uses at the same time. */
export const freshLabName = (): string => `t${process.pid.toString(36)}x${(labs++).toString(36)}`

/**
 * Builds one lab for the tests of the enclosing `describe` and takes it down after them, whatever became of them.
 * @param policy put into force on the gateway first, where given
 * @returns a function that gives the lab inside tests and hooks
 */
export function useLab(policy?: object): () => Lab {
  let lab: Lab | undefined
  before(async function () {
    this.timeout(60_000)
    await ensureBundle()
    lab = await Lab.up(freshLabName())
    if (policy !== undefined) await lab.gateway.activate(policy)
  })
  after(async function () {
    this.timeout(30_000)
    await lab?.down()
  })
  return () => {
    if (lab === undefined) throw new Error('the lab is not up: ask for it inside a test or a hook')
    return lab
  }
}
