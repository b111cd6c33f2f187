import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, it } from 'mocha'
import { LAB_SETTINGS } from '../../../src/standalone/lab/gateway.ts'
import { CLIENT_INTERFACES } from '../../../src/standalone/lab/topology.ts'
import { ADMIN, type Answer, followed } from '../support/api.ts'
import { current } from '../support/commits.ts'
import { until, useLab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

const NEW = policyOf('api.openai.com', 'h2.pool.net')

describe('the API of a gateway whose policy stands in its configuration', () => {
  const lab = useLab()
  before(async function () {
    this.timeout(60_000)
    await lab().commit([
      ...CLIENT_INTERFACES.map((device) => `set service clawgress client interface ${device}`),
      ...LAB_SETTINGS,
      'set service clawgress policy allow domain api.openai.com',
      'set service clawgress api listen-address 127.0.0.1',
      `set service clawgress api key id root key ${ADMIN}`,
      'set service clawgress api key id root role admin',
    ])
    await until('the API answers', 10_000, async () => (await ask('/health')).status === 200)
  })

  const ask = async (path: string, body?: object): Promise<Answer> => {
    const words = ['curl', '-sS', '-w', '\\n%{http_code}', '-H', `X-API-Key: ${ADMIN}`]
    const sent = body === undefined ? [] : ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)]
    const place = `http://127.0.0.1:8443/clawgress${path}`
    const { stdout } = await lab().gateway.exec([...words, ...sent, place], { mayFail: true })
    const [text = '', status] = stdout.split(/\n(?=\d+$)/)
    return { status: Number(status), headers: '', body: JSON.parse(text === '' ? '{}' : text) as Answer['body'] }
  }

  it('takes no policy in place of a file that there is none of, and says what to do', async () => {
    const before = current(lab())
    const { status, body } = await ask('/policy', NEW)
    assert.equal(status, 409)
    assert.match(body.error ?? '', /policy-file is not set.*import into config/)
    assert.equal(current(lab()), before)
  })

  it('commits and saves a policy into the configuration where that is asked for', async () => {
    const { status, body } = await followed(await ask('/policy?into=config', NEW), ask)
    assert.equal(status, 200, body.error ?? '')
    assert.equal(body.data.generation, current(lab()))
    const { policy } = (await ask('/policy')).body.data as { policy: { allow: { domains: string[] } } }
    assert.deepEqual(policy.allow.domains, NEW.allow.domains)
    assert.match(readFileSync(lab().gateway.file('/config/config.boot'), 'utf8'), /domain h2\.pool\.net/)
  })
})
