import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { type Alert, fingerprintOf } from '../../../../src/daemon/alerts/alert.ts'
import { post } from '../../../../src/daemon/alerts/post.ts'
import type { Webhook } from '../../../../src/daemon/alerts/settings.ts'
import { backOff, type SenderOptions, WebhookSender } from '../../../../src/daemon/alerts/webhook-sender.ts'
import { Receiver } from './receiver.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

const alert = (number: number, fields: Partial<Alert> = {}): Alert => {
  const about = { event: 'service.down', labels: { service: `s${number}` } }
  return {
    ...about,
    fingerprint: fingerprintOf(about),
    source: 'services',
    severity: 'critical',
    summary: `s${number} is down.`,
    description: 'Restart it.',
    state: 'firing',
    startsAt: '2026-11-22T11:59:00.000Z',
    syslog: true,
    ...fields,
  }
}
const resolved = (number: number) => alert(number, { state: 'resolved', endsAt: '2026-11-22T12:01:00.000Z' })

describe('a webhook', () => {
  let receiver: Receiver
  let time: number
  let told: number
  beforeEach(async () => {
    receiver = await Receiver.open()
    time = 0
    told = 0
  })
  afterEach(() => receiver.close())

  const senderTo = (options: Partial<SenderOptions> & { fields?: Partial<Webhook> } = {}) =>
    new WebhookSender({
      webhook: { id: 'pager', url: receiver.url, format: 'webhook', secret: SECRET, ...options.fields },
      clock: () => time,
      random: () => 1,
      ...options,
    })
  const step = async (sender: WebhookSender, ...alerts: Alert[]) => {
    sender.step(alerts, { gateway: 'gw1', leftOut: 0 }, NOW, () => told++)
    await sender.settle()
  }
  const statuses = (at: number): [string, string][] =>
    (
      JSON.parse(receiver.received[at]!.body) as { alerts: { status: string; labels: { service: string } }[] }
    ).alerts.map(({ status, labels }) => [labels.service, status])

  it('is told of each alert once, and once of its end', async () => {
    const sender = senderTo()
    await step(sender, alert(1))
    await step(sender, alert(1, { summary: 'Other words.' }))
    await step(sender, alert(1), alert(2))
    await step(sender, resolved(1), alert(2))
    await step(sender, resolved(1), alert(2))
    assert.deepEqual([0, 1, 2].map(statuses), [[['s1', 'firing']], [['s2', 'firing']], [['s1', 'resolved']]])
    assert.equal(receiver.received.length, 3)
    assert.equal(told, 3)
  })

  it('gets what Alertmanager would send, signed by the rules of Standard Webhooks', async () => {
    await step(senderTo(), alert(1), resolved(2))
    const { body, headers } = receiver.received[0]!
    assert.deepEqual(JSON.parse(body), {
      version: '4',
      groupKey: '{}:{gateway="gw1"}',
      truncatedAlerts: 0,
      status: 'firing',
      receiver: 'clawgress',
      groupLabels: { gateway: 'gw1' },
      commonLabels: { alertname: 'service.down', severity: 'critical', gateway: 'gw1' },
      commonAnnotations: { description: 'Restart it.' },
      externalURL: '',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'service.down', severity: 'critical', gateway: 'gw1', service: 's1' },
          annotations: { summary: 's1 is down.', description: 'Restart it.' },
          startsAt: '2026-11-22T11:59:00.000Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: '',
          fingerprint: alert(1).fingerprint,
        },
        {
          status: 'resolved',
          labels: { alertname: 'service.down', severity: 'critical', gateway: 'gw1', service: 's2' },
          annotations: { summary: 's2 is down.', description: 'Restart it.' },
          startsAt: '2026-11-22T11:59:00.000Z',
          endsAt: '2026-11-22T12:01:00.000Z',
          generatorURL: '',
          fingerprint: alert(2).fingerprint,
        },
      ],
    })
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers
    assert.equal(timestamp, String(NOW / 1000))
    const expected = createHmac('sha256', Buffer.alloc(32, 7)).update(`${id}.${timestamp}.${body}`).digest('base64')
    assert.equal(signature, `v1,${expected}`)
    assert.equal(headers['content-type'], 'application/json')
  })

  it('is tried again later and later, with the same identity, until it takes the message', async () => {
    const sender = senderTo()
    receiver.answer = (response) => response.writeHead(500).end()
    const attempts: number[] = []
    for (; time < 20_000; time += 250) {
      const before = receiver.received.length
      await step(sender, alert(1))
      if (receiver.received.length > before) attempts.push(time)
    }
    assert.deepEqual(attempts, [0, 1_000, 3_000, 7_000, 15_000])
    assert.deepEqual([sender.status().failuresInRow, sender.status().waiting], [5, 1])
    assert.equal(sender.status().lastError, 'it answered 500')
    receiver.answer = (response) => response.writeHead(204).end()
    time = 60_000
    await step(sender, alert(1))
    assert.equal(sender.status().failuresInRow, 0)
    assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
  })

  it('is left alone as long as it asks for, and no longer than five minutes', async () => {
    const sender = senderTo()
    receiver.answer = (response) => response.writeHead(503, { 'retry-after': '30' }).end()
    await step(sender, alert(1))
    time = 29_000
    await step(sender, alert(1))
    assert.equal(receiver.received.length, 1)
    receiver.answer = (response) => response.writeHead(429, { 'retry-after': '999999' }).end()
    time = 30_000
    await step(sender, alert(1))
    time += 300_000
    await step(sender, alert(1))
    assert.equal(receiver.received.length, 3)
    for (let failures = 1; failures < 100; failures++)
      for (const random of [0, 0.5, 1]) {
        const pause = backOff(failures, random)
        assert.ok(pause >= 500 && pause <= 300_000, `${failures} ${pause}`)
      }
  })

  it('is followed nowhere else', async () => {
    const elsewhere = await Receiver.open()
    try {
      const sender = senderTo()
      receiver.answer = (response) => response.writeHead(307, { location: elsewhere.url }).end()
      await step(sender, alert(1))
      assert.equal(elsewhere.received.length, 0)
      assert.match(sender.status().lastError!, /307/)
    } finally {
      elsewhere.close()
    }
  })

  it('that is slow, or answers without end, holds nothing up', async () => {
    const slow = senderTo({ send: (url, body, options) => post(url, body, { ...options, timeoutMs: 100 }) })
    receiver.answer = () => {}
    await step(slow, alert(1))
    assert.match(slow.status().lastError!, /no answer within 0\.1 s/)
    const endless = senderTo()
    receiver.answer = (response) => {
      const write = () => response.destroyed || response.write('x'.repeat(65536), () => setImmediate(write))
      write()
    }
    await step(endless, alert(1))
    assert.equal(endless.status().failuresInRow, 0)
  })

  it('that is down is named by its host, and by nothing secret of its address', async () => {
    const { url } = receiver
    receiver.close()
    const sender = senderTo({ fields: { url: `${url}?token=s3cret` } })
    await step(sender, alert(1))
    assert.equal(sender.status().lastError, '127.0.0.1: the connection was refused')
  })

  it('that refuses one alert still gets the others', async () => {
    const sender = senderTo()
    receiver.answer = (response) =>
      response.writeHead(receiver.received.at(-1)!.body.includes('"s2"') ? 400 : 200).end()
    const alerts = [1, 2, 3].map((number) => alert(number))
    for (let i = 0; i < 8; i++) await step(sender, ...alerts)
    assert.deepEqual([sender.status().refused, sender.status().waiting], [1, 0])
    const taken = receiver.received.filter(({ body }) => !body.includes('"s2"')).map(({ body }) => body)
    for (const number of [1, 3]) assert.equal(taken.filter((body) => body.includes(`"s${number}"`)).length, 1)
  })

  it('is told what it missed, and nothing twice, after a restart of ours', async () => {
    const first = senderTo()
    await step(first, alert(1))
    const second = senderTo({ delivered: first.told })
    await step(second, alert(1), alert(2))
    assert.deepEqual(statuses(1), [['s2', 'firing']])
  })

  it('hears again of what still fires: Alertmanager each minute, others each four hours', async () => {
    const counts = { alertmanager: 60_000, webhook: 4 * 3_600_000 } as const
    for (const [format, pause] of Object.entries(counts)) {
      receiver.received.length = 0
      time = 0
      const sender = senderTo({ fields: { format: format as Webhook['format'] } })
      for (const at of [0, pause - 1, pause, 2 * pause - 1]) {
        time = at
        await step(sender, alert(1), resolved(2))
      }
      assert.equal(receiver.received.length, 2, format)
    }
  })

  it('is told over IPv6 as over IPv4', async () => {
    const six = await Receiver.open('::1')
    try {
      await step(senderTo({ fields: { url: six.url } }), alert(1))
      assert.equal(six.received.length, 1)
    } finally {
      six.close()
    }
  })

  it('is told only of the alerts that are meant for it', async () => {
    await step(
      senderTo(),
      alert(1, { webhooks: ['other'] }),
      alert(2, { webhooks: ['pager'] }),
      alert(3, { webhooks: [] }),
    )
    assert.deepEqual(statuses(0), [['s2', 'firing']])
  })
})
