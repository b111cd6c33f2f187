import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { runtimePaths } from '../../../src/base/layout.ts'
import type { AlertReport } from '../../../src/daemon/alerts/daemon-alerts.ts'
import type { TestOutcome } from '../../../src/daemon/alerts/test-alert.ts'
import type { TelemetryAnswer } from '../../../src/daemon/telemetry/telemetry.ts'
import { certificateFiles } from '../../../src/standalone/lab/internet/certificates.ts'
import { inNamespace, runIn } from '../../../src/standalone/lab/namespace.ts'
import { namespaceOf } from '../../../src/standalone/lab/topology.ts'
import { AlertReceiver } from '../support/alert-receiver.ts'
import { commit, LAB_CONFIG, mustCommit, mustImport, refusal } from '../support/commits.ts'
import { CONTENT, until, useLab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

const SECRET = `whsec_${Buffer.from('a secret of exactly 32 octets ...').toString('base64')}`
const PORT = 9443
const RECEIVER = `https://${CONTENT.raw.v4}:${PORT}`

describe('alerts of a gateway', () => {
  const lab = useLab(policyOf('api.openai.com'))
  let internet: string
  let receiver: AlertReceiver
  let alertmanager: ChildProcess
  const tls = () => certificateFiles(lab().paths.certificates)
  const open = async () => {
    receiver = await AlertReceiver.open(internet, PORT, tls())
  }
  const hook = (path: string) => ({
    url: `${RECEIVER}${path}`,
    format: 'webhook',
    secret: SECRET,
    'ca-certificate': 'lab',
  })
  const alertNodes = () => ({
    'learning-period': '0',
    rule: { many: { reason: ['dns.not-allowed'], threshold: '3', interval: '60', webhook: ['pager', 'am'] } },
    webhook: {
      pager: hook('/pager'),
      six: { ...hook('/six'), url: `https://[${CONTENT.raw.v6}]:${PORT}/six` },
      slow: hook('/slow'),
      error: hook('/error'),
      elsewhere: hook('/elsewhere'),
      down: { ...hook('/down'), url: `https://${CONTENT.raw.v4}:9444/down` },
      untrusted: { url: `${RECEIVER}/untrusted`, format: 'webhook', secret: SECRET },
      am: { url: `http://${CONTENT.raw.v4}:9093/api/v2/alerts`, format: 'alertmanager' },
    },
  })
  const configure = (alert: object) => {
    const certificate = readFileSync(tls().authority, 'utf8').replaceAll(/-----[^-]+-----|\n/g, '')
    return { proposed: { ...LAB_CONFIG, alert }, pki: { ca: { lab: { certificate } } } }
  }
  const report = () => lab().gateway.ask<AlertReport>(['alerts'])
  const amtool = async (...words: string[]) =>
    (await runIn(internet, ['amtool', '--alertmanager.url=http://127.0.0.1:9093', ...words])).stdout

  before(async function () {
    this.timeout(60_000)
    internet = namespaceOf(lab().paths.name, 'inet')
    await open()
    const config = join(lab().paths.folder, 'alertmanager.yml')
    writeFileSync(config, 'route: { receiver: none }\nreceivers: [{ name: none }]\n')
    const [program, args] = inNamespace(internet, [
      ...['prometheus-alertmanager', `--config.file=${config}`, `--storage.path=${lab().paths.folder}/alertmanager`],
      ...['--web.listen-address=:9093', '--cluster.listen-address=', '--log.level=error'],
    ])
    alertmanager = spawn(program, args, { stdio: 'ignore' })
    await mustCommit(lab(), configure(alertNodes()))
    const webhooks = Object.keys(alertNodes().webhook).length
    await until('the daemon knows the rules', 10_000, async () => (await report()).webhooks.length === webhooks)
    await until(
      'Alertmanager answers',
      20_000,
      async () => (await amtool('alert').catch(() => undefined)) !== undefined,
    )
  })
  after(async () => {
    alertmanager?.kill()
    await receiver?.[Symbol.asyncDispose]()
  })

  it('tell a signed webhook, over both families, within seconds of the denials that a rule counts', async () => {
    for (const name of ['one.example.com', 'two.example.com', 'three.example.com']) await lab().agent(1).resolve(name)
    await until('the rule is told', 5_000, () => receiver.hasTold('/pager', 'rule.many', 'firing'))
    await until('the built-in alert is told', 5_000, () => receiver.hasTold('/six', 'client.first-denial', 'firing'))
    const { headers, body } = receiver.to('/pager')[0]!
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const key = Buffer.from(SECRET.slice(6), 'base64')
    assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    assert.equal(receiver.hasTold('/six', 'rule.many', 'firing'), false)
  })

  it('stand in a real Alertmanager, with who and what', async () => {
    await until('Alertmanager has it', 5_000, async () =>
      (await amtool('alert', 'query', 'alertname=rule.many')).includes('rule.many'),
    )
    const found = JSON.parse(await amtool('-o', 'json', 'alert', 'query', 'alertname=client.first-denial')) as {
      labels: Record<string, string>
      annotations: Record<string, string>
    }[]
    assert.deepEqual([found[0]!.labels.client, found[0]!.labels.severity], ['10.77.1.10', 'info'])
    assert.match(found[0]!.annotations.summary!, /was refused one\.example\.com.*: dns\.not-allowed/)
  })

  it('are held up by no receiver that is slow, fails, leads elsewhere, is down or not trusted; status says which', async () => {
    const failing = ['down', 'elsewhere', 'error', 'untrusted']
    const webhooks = await until('each has failed twice', 10_000, async () => {
      const now = (await report()).webhooks
      const failed = now.filter(({ failuresInRow }) => failuresInRow > 1).map(({ id }) => id)
      return failing.every((id) => failed.includes(id)) && now
    })
    const errors = Object.fromEntries(webhooks.map(({ id, lastError }) => [id, lastError]))
    assert.match(errors.down!, /refused/)
    assert.match(errors.elsewhere!, /307/)
    assert.match(errors.error!, /500/)
    assert.match(errors.untrusted!, /not trusted/)
    assert.equal(errors.pager, undefined)
    assert.deepEqual(receiver.to('/stolen'), [])
    assert.deepEqual(receiver.to('/untrusted'), [])
    const { troubles } = await lab().gateway.ask<{ troubles: string[] }>(['status'])
    assert.ok(
      troubles.some((trouble) => /webhook down has not taken/.test(trouble)),
      troubles.join('\n'),
    )
  })

  it('are tried out by an operator, who sees how each receiver takes them', async () => {
    const tried = (webhook: string, ...words: string[]) =>
      lab().gateway.clawgress([...words, '--webhook', webhook], { mayFail: true })
    assert.match((await tried('pager', 'alerts', 'test')).stdout, /^pager +yes +2 +\d+ ms +it answered 200$/m)
    for (const state of ['firing', 'resolved']) assert.ok(receiver.hasTold('/pager', 'test', state), state)
    const failed = await tried('down', 'alerts', 'test', '--json')
    const [{ isTaken, attempts, answer }] = JSON.parse(failed.stdout) as [TestOutcome]
    assert.deepEqual([failed.exitCode, isTaken, attempts], [1, false, 2])
    assert.match(answer, /connection was refused/)
    assert.match((await tried('am', 'op', 'generate', 'test-alert')).stdout, /^am +yes +1 /m)
    assert.match(await amtool('alert', 'query', 'alertname=test'), /test/)
    assert.match(refusal(await tried('nobody', 'op', 'generate', 'test-alert')), /^There is no webhook nobody/)
    assert.ok((await report()).firing.every(({ event }) => event !== 'test'))
  })

  it('are written down, shown and counted', async () => {
    const records = readFileSync(runtimePaths(lab().gateway.layout).daemonAlerts, 'utf8')
    assert.match(records, /"event":"rule\.many","state":"firing"/)
    const { stdout } = await lab().gateway.clawgress(['alerts'])
    assert.match(stdout, /^Firing since \(UTC\) {2,}Severity +Alert +Summary/)
    assert.match(stdout, /rule\.many +3 denials \(dns\.not-allowed\) in 60 s/)
    assert.match((await lab().gateway.clawgress(['log'])).stdout, /rule\.many/)
    const top = await lab().gateway.ask<TelemetryAnswer>(['denies', '--top', 'domains'])
    assert.ok(top.rows.some(({ key, denials }) => key === 'one.example.com' && denials! > 0))
    const clients = await lab().gateway.clawgress(['op', 'show', 'denies', '--top', 'clients'])
    assert.match(clients.stdout, /10\.77\.1\.10 +\d+ +dns\.not-allowed \d/)
  })

  it('survive a killed daemon: what a receiver missed comes once, and what it has does not come again', async () => {
    await receiver[Symbol.asyncDispose]()
    appendFileSync(lab().gateway.file('/config/policy.json'), '\n')
    const fires = async () => (await report()).firing.some(({ event }) => event === 'policy-file.changed')
    await until('the edited policy file is noticed', 30_000, fires)
    const { stdout } = await lab().gateway.clawgress(['status', '--json'])
    const units = (JSON.parse(stdout) as { services: { name: string; pid?: number }[] }).services
    process.kill(units.find(({ name }) => name === 'clawgressd')!.pid!, 'SIGKILL')
    await open()
    await until('it is told', 30_000, () => receiver.hasTold('/pager', 'policy-file.changed', 'firing'))
    assert.equal(receiver.hasTold('/pager', 'rule.many', 'firing'), false)
    assert.equal(receiver.to('/pager').length, 1)
  })

  it('end with their rule, and say so', async () => {
    const { rule: _, ...rest } = alertNodes()
    await mustCommit(lab(), configure({ ...rest, silence: ['policy-file.changed', 'client.first-denial'] }))
    await until('its end is told', 10_000, () => receiver.hasTold('/pager', 'rule.many', 'resolved'))
    await until('Alertmanager knows', 10_000, async () => !(await amtool('alert', 'query')).includes('rule.many'))
    assert.deepEqual(
      (await report()).firing.map(({ event }) => event).filter((event) => /^policy-file|^client/.test(event)),
      [],
    )
  })

  it('keep their secret from everyone but root and the gateway', async () => {
    const { run, log, state, config } = lab().gateway.layout
    const { stdout } = await lab().gateway.exec(['grep', '-rlF', SECRET, run, log, state, config], { mayFail: true })
    const files = stdout.split('\n').filter((line) => line !== '')
    assert.ok(files.length > 0)
    for (const file of files) assert.match(file, /\/(input|alerts)\.json$/)
    const open = await lab().gateway.exec(['find', ...files, '-perm', '/007'])
    assert.equal(open.stdout, '')
    const { stdout: commands } = await lab().gateway.exec(['ps', '-eo', 'args'])
    assert.equal(commands.includes(SECRET), false)
  })

  it('are refused, with every fault, where the configuration contradicts itself', async () => {
    const bad = {
      rule: {
        few: { reason: ['dns.nothing'], webhook: ['nobody'] },
        odd: { threshold: '5', interval: '60', group: ['nowhere'] },
      },
      webhook: {
        plain: { url: 'http://10.1.1.1/hook' },
        nowhere: { secret: SECRET },
        ca: { ...hook('/x'), 'ca-certificate': 'none' },
      },
    }
    const said = refusal(await commit(lab(), { proposed: { ...LAB_CONFIG, alert: bad } }))
    for (const fault of [
      /how many denials are too many for rule few/,
      /"dns\.nothing" is no reason/,
      /no webhook nobody/,
      /Set the address that webhook nowhere posts to/,
      /Without a secret the receiver/,
      /no pki ca none/,
    ])
      assert.match(said, fault)
    const warned = await mustCommit(lab(), configure({ rule: { odd: bad.rule.odd } }))
    assert.match(warned, /The policy has no group nowhere/)
  })

  it('leave versions to be compared, with the one in force or with each other', async () => {
    await mustImport(lab(), policyOf('api.openai.com', 'h2.pool.net'))
    await mustImport(lab(), policyOf('h3.pool.net'))
    const compare = async (...words: string[]) =>
      (await lab().gateway.clawgress(['op', 'show', 'versions', '--compare', ...words])).stdout
    assert.match(await compare('1'), /\+ h3\.pool\.net/)
    assert.match(await compare('1', '--to', '2'), /\+ h2\.pool\.net/)
    assert.doesNotMatch(await compare('1', '--to', '2'), /h3/)
  })
})
