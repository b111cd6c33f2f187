import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { generationFiles, runtimePaths } from '../../../src/base/layout.ts'
import type { AlertReport } from '../../../src/daemon/alerts/daemon-alerts.ts'
import { services } from '../../../src/services/index.ts'
import { PUBLIC_RESOLVER as UPSTREAM } from '../../../src/standalone/lab/internet/addresses.ts'
import { certificateFiles } from '../../../src/standalone/lab/internet/certificates.ts'
import { runIn } from '../../../src/standalone/lab/namespace.ts'
import { namespaceOf } from '../../../src/standalone/lab/topology.ts'
import { AlertReceiver } from '../support/alert-receiver.ts'
import { LAB_CONFIG, mustCommit } from '../support/commits.ts'
import { CONTENT, until, useLab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
const PORT = 9443
/** Listed, and asked for once only. */
const FRESH = Array.from({ length: 8 }, (_, i) => `h${30 + i}.pool.net`)

interface ToldAlert {
  readonly status: string
  readonly fingerprint: string
  readonly labels: Readonly<Record<string, string>>
}

describe('the built-in alerts', () => {
  const lab = useLab(policyOf('api.openai.com', ...FRESH))
  let internet: string
  let receiver: AlertReceiver
  const policyPath = () => lab().gateway.file('/config/policy.json')
  const namedConf = () => join(lab().gateway.layout.named, 'named.conf')
  const hasTold = (event: string, state: string) => receiver.hasTold('/pager', event, state)
  const toldAlerts = () =>
    receiver.to('/pager').flatMap(({ body }) => (JSON.parse(body) as { alerts: ToldAlert[] }).alerts)
  const upstream = (...words: string[]) => runIn(internet, ['nft', ...words])
  const commitAlerts = () => {
    const certificate = readFileSync(certificateFiles(lab().paths.certificates).authority, 'utf8')
    const pager = { url: `https://${CONTENT.raw.v4}:${PORT}/pager`, format: 'webhook', secret: SECRET }
    return mustCommit(lab(), {
      proposed: {
        ...LAB_CONFIG,
        dns: { ...LAB_CONFIG.dns, 'name-server': { [UPSTREAM.v4]: { port: '53' } } },
        alert: { 'learning-period': '0', webhook: { pager: { ...pager, 'ca-certificate': 'lab' } } },
      },
      pki: { ca: { lab: { certificate: certificate.replaceAll(/-----[^-]+-----|\n/g, '') } } },
    })
  }
  const pidOf = async (name: string) =>
    (await services(lab().gateway.layout).status()).find((unit) => unit.name === name && unit.state === 'running')?.pid

  before(async function () {
    this.timeout(60_000)
    internet = namespaceOf(lab().paths.name, 'inet')
    receiver = await AlertReceiver.open(internet, PORT, certificateFiles(lab().paths.certificates))
    await commitAlerts()
    await until(
      'the daemon knows the webhook',
      10_000,
      async () => (await lab().gateway.ask<AlertReport>(['alerts'])).webhooks.length === 1,
    )
  })
  after(async () => {
    await receiver?.[Symbol.asyncDispose]()
  })

  it('tell of an agent that was never refused a name, and of far more denials than usual, within seconds', async () => {
    const names = Array.from({ length: 80 }, (_, i) => `n${i}.example.com`)
    await lab()
      .agent(1)
      .exec(['dig', '+tries=1', '+time=1', ...names], { mayFail: true })
    await until('both are told', 5_000, () =>
      ['client.first-denial', 'policy.violation-spike'].every((event) => hasTold(event, 'firing')),
    )
  })

  it('tell of what is wrong with the gateway when it has lasted, and of its end when it is over', async function () {
    this.timeout(150_000)
    const { layout } = lab().gateway
    const policy = readFileSync(policyPath())
    const conf = readFileSync(namedConf())

    appendFileSync(policyPath(), '\n')
    await upstream('add table inet silent; add chain inet silent in { type filter hook input priority 0; }')
    await upstream(`add rule inet silent in ip daddr ${UPSTREAM.v4} drop`)
    await Promise.all(FRESH.slice(0, 5).map((name) => lab().agent(1).resolve(name)))
    writeFileSync(namedConf(), 'no configuration of named')
    process.kill((await pidOf('clawgress-named'))!, 'SIGKILL')
    const { ruleset } = generationFiles(runtimePaths(layout).current)
    renameSync(ruleset, `${ruleset}.lost`)
    await lab().gateway.exec(['nft', 'delete', 'table', 'inet', 'clawgress'])

    const wrong = ['policy-file.changed', 'upstream.failing', 'service.down', 'generation.not-proven']
    for (const event of wrong) await until(`${event} is told`, 25_000, () => hasTold(event, 'firing'))
    assert.ok(wrong.every((event) => !hasTold(event, 'resolved')))
    const known = toldAlerts().map(({ labels }) => [labels.cause, labels.service, labels.server])
    for (const label of ['kernel', 'clawgress-named', UPSTREAM.v4]) assert.ok(known.flat().includes(label), label)

    writeFileSync(policyPath(), policy)
    await upstream('delete table inet silent')
    renameSync(`${ruleset}.lost`, ruleset)
    writeFileSync(namedConf(), conf)
    await commitAlerts()
    await until('named runs', 20_000, async () => (await pidOf('clawgress-named')) !== undefined)
    await until('a name resolves', 10_000, async () => (await lab().agent(1).resolve(FRESH[6]!)).addresses.length > 0)
    for (const event of wrong) await until(`the end of ${event} is told`, 75_000, () => hasTold(event, 'resolved'))
  })

  it('tell of a certificate that ends soon, when a moment with a wrong clock would be over', async () => {
    await until('it is told', 30_000, () => hasTold('certificate.expiry', 'firing'))
    // Nothing was told twice, however often it was looked at.
    const told = toldAlerts().map(({ status, fingerprint }) => `${status} ${fingerprint}`)
    assert.deepEqual(
      told.filter((each, index) => told.indexOf(each) !== index),
      [],
    )
  })
})
