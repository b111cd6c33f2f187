import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { before, describe, it } from 'mocha'
import { ENDPOINTS } from '../../../src/base/endpoints.ts'
import { namedPaths } from '../../../src/dns/index.ts'
import { services } from '../../../src/services/index.ts'
import { policySettings } from '../../../src/standalone/lab/gateway.ts'
import { mustImport } from '../support/commits.ts'
import { until, useLab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

/** Longest that a small policy may take, milliseconds: less than a commit waits for zones that named is loading. */
const LONGEST = 4_500

describe('a commit while named comes back from a crash', () => {
  const lab = useLab()

  before(async () => {
    await lab().gateway.write('/config/policy.json', policyOf('api.openai.com'))
    await lab().gateway.commit(policySettings('/config/policy.json'))
  })

  const named = async () =>
    (await services(lab().gateway.layout).status()).find(({ name }) => name === 'clawgress-named')!
  const zone = () => statSync(namedPaths(lab().gateway.layout).liveZone('g0', 'o')).ino

  it('does not wait for zones that named has read before they were replaced', async () => {
    const { pid } = await named()
    // What asks whether named is ready gets no answer, so that it is not said to run although it has read its files.
    const rule = `ip daddr 127.0.0.1 udp dport ${ENDPOINTS.namedPort} drop`
    const hook = 'type filter hook output priority 0;'
    await lab().gateway.exec(['nft', '-f', '-'], { input: `table ip hold { chain output { ${hook} ${rule}; }; }` })
    process.kill(pid!, 'SIGKILL')
    await until('named has read its files', 10_000, async () => {
      const { stdout } = await lab().gateway.exec(['ss', '-Hlnu', `sport = :${ENDPOINTS.namedPort}`])
      const now = await named()
      return stdout !== '' && now.state === 'starting' && now.pid !== pid
    })
    const old = zone()
    const imported = mustImport(lab(), policyOf('api.openai.com', 'h10.pool.net'))
    await until('the files are replaced', 10_000, () => zone() !== old)
    await lab().gateway.exec(['nft', 'delete', 'table', 'ip', 'hold'])
    const began = performance.now()
    await imported
    const took = performance.now() - began
    assert.ok(took < LONGEST, `it took ${Math.round(took)} ms`)
  })
})
