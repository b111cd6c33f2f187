import assert from 'node:assert/strict'
import { ownCommand } from '../../../../src/base/own-command.ts'
import { ActivationListener } from '../../../../src/services/activation/listener.ts'
import { prepareFolders } from '../../../../src/services/folders.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { KEYS, type Running, serveApi } from './support/gateway.ts'

interface Answer {
  readonly data: Record<string, unknown>
  readonly error: string | null
}

/** Milliseconds; root's process takes longer to start. */
const PATIENCE = 1

describe('a change that takes longer than its caller waits', () => {
  let api: Running
  let root: ActivationListener
  before(async () => {
    api = await serveApi({}, {}, undefined, PATIENCE)
    prepareFolders(api.layout)
    const environment = ['env', `CLAWGRESS_ROOT=${api.layout.root}`]
    root = new ActivationListener(api.layout, [...environment, ...ownCommand('activation-request')])
    await root.look()
  })
  after(async () => {
    root.close()
    await api.close()
  })

  const get = async (path: string, key: string) => {
    const response = await fetch(`${api.url}${path}`, { headers: { 'x-api-key': key, connection: 'close' } })
    return { status: response.status, body: (await response.json()) as Answer }
  }
  const post = () =>
    fetch(`${api.url}/policy`, {
      method: 'POST',
      headers: { 'x-api-key': KEYS.admin, 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ version: 1, allow: { domains: ['example.com'] } }),
    })

  it('is answered at once with where to ask, and tells there why it failed', async () => {
    const response = await post()
    const { data } = (await response.json()) as Answer
    assert.equal(response.status, 202)
    assert.deepEqual([data.kind, data.user, data.state], ['import', 'admin', 'running'])
    const place = `/operations/${data.id}`
    assert.equal(response.headers.get('location'), `/clawgress${place}`)
    const ended = await until('the operation has ended', 20_000, async () => {
      const { status, body } = await get(place, KEYS.admin)
      assert.equal(status, 200)
      return body.data.state !== 'running' && body.data
    })
    assert.equal(ended.state, 'failed')
    assert.match(String(ended.error), /\(config\.missing\)$/)
    assert.deepEqual(
      (ended.problems as { code: string }[]).map(({ code }) => code),
      ['config.missing'],
    )
    assert.ok(Date.parse(String(ended.ended)) >= Date.parse(String(ended.started)))
  })

  it('is not known under another name, nor without a key', async () => {
    assert.equal((await get('/operations/00000000-0000-4000-8000-000000000000', KEYS.admin)).status, 404)
    assert.equal((await get('/operations/00000000-0000-4000-8000-000000000000', '')).status, 401)
  })
})
