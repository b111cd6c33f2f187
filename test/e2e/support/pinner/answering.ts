import { readFileSync } from 'node:fs'
import { after, before } from 'mocha'
import { formatAddress } from '../../../../src/base/address.ts'
import { runtimePaths } from '../../../../src/base/layout.ts'
import type { Message } from '../../../../src/dns/message/index.ts'
import type { Plan } from '../../../../src/plan/types.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { NameServerDouble } from './name-server.ts'
import { NAME_SERVER, PinnerRig } from './rig.ts'

const POLICY = {
  version: 1,
  allow: {
    domains: ['www.allowed.test', 'flat.test', '*.wild.test', 'rebind.test', 'both.test', 'https.test', 'bogus.test'],
    ips: ['192.168.77.0/24'],
    ports: [443],
  },
  deny: { domains: ['*.ads.test', 'denied-cdn.test'], ips: ['45.45.66.0/24'] },
}

/** Anything the scripted name-server says about this name is unsigned, and so bogus. */
const ANCHORS = `trust-anchors { bogus.test. static-key 257 3 13 "${Buffer.alloc(64, 7).toString('base64')}"; };`

interface Answering {
  readonly rig: PinnerRig
  readonly plan: Plan
  readonly upstream: NameServerDouble
}

/** A pinner behind named for the tests of a suite, with a policy of a few names, and a name-server that they script. */
export function useAnswering(): () => Answering {
  let rig: PinnerRig | undefined
  let upstream: NameServerDouble | undefined
  let answering: Answering
  before(async () => {
    rig = PinnerRig.open()
    upstream = await NameServerDouble.start(NAME_SERVER.address, NAME_SERVER.port)
    const plan = rig.plan(POLICY)
    await rig.start(plan, ANCHORS)
    answering = { rig, plan, upstream }
  })
  after(async () => {
    upstream?.stop()
    await rig?.close()
  })
  return () => answering
}

/** One line an answer: name, TTL, and the address or the kind. */
export const answersOf = (message: Message | undefined) =>
  message?.answers.map(
    ({ name, ttl, data }) => `${name} ${ttl} ${data.kind === 'address' ? formatAddress(data.address) : data.kind}`,
  )

/** Reads the pinner's record of a refusal of the name. */
export const denial = ({ rig }: Answering, name: string) =>
  until(`a record about ${name}`, 15_000, () => {
    // A line that is being written is none yet.
    const lines = readFileSync(runtimePaths(rig.layout).pinnerDenials, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>).findLast((record) => record.name === name)
  })
