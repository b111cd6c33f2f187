import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { Webhook } from '../../../../src/daemon/alerts/settings.ts'
import { testAlert, tryWebhook } from '../../../../src/daemon/alerts/test-alert.ts'
import { Receiver } from './receiver.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

describe('a test alert', () => {
  let receiver: Receiver
  beforeEach(async () => {
    receiver = await Receiver.open()
  })
  afterEach(() => receiver.close())

  const tried = async (fields: Partial<Webhook> = {}) => {
    const webhook = { id: 'pager', url: receiver.url, format: 'webhook', secret: SECRET, ...fields } as const
    const {
      receiver: name,
      milliseconds,
      ...outcome
    } = await tryWebhook(webhook, testAlert(Date.now()), {
      gateway: 'gw1',
      leftOut: 0,
    })
    assert.equal(name, 'pager')
    assert.ok(milliseconds >= 0)
    return outcome
  }
  const said = () =>
    receiver.received.map(({ body }) => {
      const { alerts } = JSON.parse(body) as { alerts: { status: string; labels: Record<string, string> }[] }
      assert.deepEqual([alerts.length, alerts[0]!.labels.alertname, alerts[0]!.labels.test], [1, 'test', 'true'])
      return alerts[0]!.status
    })

  it('goes to a webhook as any other, signed, and so does its end', async () => {
    assert.deepEqual(await tried(), { isTaken: true, answer: 'it answered 200', attempts: 2 })
    assert.deepEqual(said(), ['firing', 'resolved'])
    for (const { headers, body } of receiver.received) {
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
      const expected = createHmac('sha256', Buffer.alloc(32, 7)).update(signed).digest('base64')
      assert.equal(headers['webhook-signature'], `v1,${expected}`)
    }
  })

  it('is left to end by itself where Alertmanager gets it', async () => {
    assert.deepEqual(await tried({ format: 'alertmanager' }), {
      isTaken: true,
      answer: 'it answered 200',
      attempts: 1,
    })
    const [alert] = JSON.parse(receiver.received[0]!.body) as { labels: { alertname: string }; endsAt: string }[]
    assert.equal(alert!.labels.alertname, 'test')
    assert.ok(Date.parse(alert!.endsAt) > Date.now() + 60_000)
  })

  it('is tried once more after a failure, and no more than that', async () => {
    receiver.answer = (response) => response.writeHead(receiver.received.length === 1 ? 503 : 200).end()
    assert.deepEqual(await tried(), { isTaken: true, answer: 'it answered 200', attempts: 3 })
    assert.deepEqual(said(), ['firing', 'firing', 'resolved'])
    receiver.received.length = 0
    receiver.answer = (response) => response.writeHead(500).end()
    assert.deepEqual(await tried(), { isTaken: false, answer: 'it answered 500', attempts: 2 })
    assert.deepEqual(said(), ['firing', 'firing'])
  })

  it('is not tried again where it is refused for what it says', async () => {
    receiver.answer = (response) => response.writeHead(400).end()
    assert.deepEqual(await tried(), { isTaken: false, answer: 'it answered 400', attempts: 1 })
  })

  it('says why nobody answered, and nothing secret of the address', async () => {
    const url = `${receiver.url}?token=s3cret`
    receiver.close()
    assert.deepEqual(await tried({ url }), {
      isTaken: false,
      answer: '127.0.0.1: the connection was refused',
      attempts: 2,
    })
  })
})
