import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { before, describe, it } from 'mocha'
import { assertGone, commit, current, history, mustCommit, refusal } from '../support/commits.ts'
import { layFileTraps } from '../support/file-traps.ts'
import { otherDnsServer } from '../support/gateway-program.ts'
import { useLab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

const DATA = fileURLToPath(new URL('../../data/verify/', import.meta.url))
const POLICY = policyOf('api.openai.com')

/** The stock layout of VyOS's connection tracking without firewall and NAT. */
const VYOS_NOTRACK = `table ip vyos_conntrack {
  chain FW_CONNTRACK { return; }
  chain NAT_CONNTRACK { return; }
  chain PREROUTING {
    type filter hook prerouting priority raw; policy accept;
    jump FW_CONNTRACK
    jump NAT_CONNTRACK
    notrack
  }
}
`

const nft = (lab: ReturnType<ReturnType<typeof useLab>>, input: string) =>
  lab.gateway.exec(['nft', '-f', '-'], { input })

describe('a commit that verify refuses', () => {
  const lab = useLab()
  /** What must be on the router for a case, and how to take it away. */
  const surroundings: Record<string, () => Promise<AsyncDisposable>> = {
    'port-53-taken': () => otherDnsServer(lab(), 'dnsmasq', '10.77.1.1'),
    'port-53-taken-by-dns-forwarding': () => otherDnsServer(lab(), 'pdns_recursor', '::'),
    untracked: async () => {
      await nft(lab(), VYOS_NOTRACK)
      return { [Symbol.asyncDispose]: async () => void (await nft(lab(), 'delete table ip vyos_conntrack')) }
    },
  }

  before(async () => {
    const { gateway } = lab()
    await gateway.write('/config/policy.json', POLICY)
    await layFileTraps(lab(), POLICY)
  })

  const cases = readdirSync(DATA)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace(/\.json$/, ''))

  for (const name of cases) {
    it(`says what is wrong and changes nothing: ${name}`, async () => {
      await using _ = await surroundings[name]?.()
      const proposed = JSON.parse(readFileSync(`${DATA}${name}.json`, 'utf8')) as object
      const said = refusal(await commit(lab(), { proposed, dryRun: true }))
      const golden = `${DATA}${name}.txt`
      if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, said.endsWith('\n') ? said : `${said}\n`)
      assert.equal(`${said}\n`, readFileSync(golden, 'utf8'))
      await assertGone(lab())
    })
  }

  it('says the same when it is told to apply at once', async () => {
    const proposed = JSON.parse(readFileSync(`${DATA}several-at-once.json`, 'utf8')) as object
    const said = refusal(await commit(lab(), { proposed }))
    assert.equal(`${said}\n`, readFileSync(`${DATA}several-at-once.txt`, 'utf8'))
    await assertGone(lab())
  })

  it('leaves a policy that is live as it is', async () => {
    await mustCommit(lab())
    const before = [current(lab()), history(lab())]
    for (const name of ['unknown-interface', 'policy-with-several-errors', 'policy-folder']) {
      const proposed = JSON.parse(readFileSync(`${DATA}${name}.json`, 'utf8')) as object
      refusal(await commit(lab(), { proposed }))
    }
    assert.deepEqual([current(lab()), history(lab())], before)
    assert.match(await mustCommit(lab()), /is live already/)
  })

  it('takes an own named on port 5053 for no conflict, also under listen addresses that are configured', async () => {
    const proposed = { ...JSON.parse(readFileSync(`${DATA}foreign-listen-address.json`, 'utf8')) }
    await mustCommit(lab(), { proposed: { ...proposed, 'listen-address': ['10.77.1.1', 'fd77:2::1'] } })
  })
})
