import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readAlertSettings, unknownGroupWarnings } from '../../../src/conf_mode/settings/alert-settings.ts'
import { alertSettings } from '../../../src/daemon/alerts/settings.ts'
import type { Plan } from '../../../src/plan/types.ts'
import type { ConfigDict } from '../../../src/vyos/index.ts'

const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
const HOOK = { url: 'https://alerts.example.net/hook', secret: SECRET, format: 'webhook' }

const read = (alert: object, pki: ConfigDict | null = null) =>
  readAlertSettings({ alert: { ...alert } } as ConfigDict, pki)
const problemsOf = (alert: object) =>
  read(alert)
    .problems.map(({ path, message }) => `${path}: ${message}`)
    .join('\n')

describe('alerts in the configuration', () => {
  it('are none where nothing is said', () => {
    assert.deepEqual(readAlertSettings({}, null), { settings: undefined, problems: [], warnings: [] })
  })

  it('are rules, webhooks and what is silenced, as the daemon reads them', () => {
    const { settings, problems, warnings } = read({
      rule: { many: { threshold: '5', interval: '60', reason: ['dns.denied'], group: ['ci'] } },
      webhook: { pager: HOOK },
      silence: ['client.first-denial'],
    })
    assert.deepEqual([problems, warnings], [[], []])
    assert.deepEqual(alertSettings.parse(settings), settings)
    assert.deepEqual(settings!.rules, [
      { name: 'many', reasons: ['dns.denied'], groups: ['ci'], threshold: 5, intervalSeconds: 60, syslog: true },
    ])
    assert.deepEqual(settings!.webhooks, [{ id: 'pager', url: HOOK.url, format: 'webhook', secret: SECRET }])
    assert.deepEqual(settings!.silenced, ['client.first-denial'])
    assert.equal(settings!.learningHours, 24)
    assert.equal(read({ 'learning-period': '0' }).settings!.learningHours, 0)
  })

  it('go where a rule says, and everywhere where it says nothing', () => {
    const told = (rule: object) => {
      const [made] = read({ rule: { r: { threshold: '1', ...rule } }, webhook: { a: HOOK, b: HOOK } }).settings!.rules
      return [made!.webhooks, made!.syslog]
    }
    assert.deepEqual(told({}), [undefined, true])
    assert.deepEqual(told({ webhook: ['a'] }), [['a'], false])
    assert.deepEqual(told({ webhook: ['a'], syslog: {} }), [['a'], true])
    assert.deepEqual(told({ syslog: {} }), [[], true])
  })

  it('trust the authority that is named, as PEM', () => {
    const pem = execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2'],
        ...['-subj', '/CN=ca', '-keyout', '/dev/null', '-out', '-'],
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )
    const certificate = pem.replaceAll(/-----[^-]+-----|\n/g, '')
    const pki = { ca: { good: { certificate }, bad: { certificate: 'AAAA' }, empty: {} } }
    const withAuthority = (name: string) => read({ webhook: { a: { ...HOOK, 'ca-certificate': name } } }, pki)
    assert.equal(withAuthority('good').settings!.webhooks[0]!.authorities, pem)
    for (const name of ['bad', 'empty', 'none'])
      assert.match(withAuthority(name).problems[0]!.message, new RegExp(`pki ca ${name}`))
  })

  it('are refused with a sentence for every fault', () => {
    assert.match(problemsOf({ rule: { r: {} } }), /rule r threshold: Set how many/)
    assert.match(problemsOf({ rule: { r: { threshold: '0' } } }), /"0" is not a whole number/)
    assert.match(problemsOf({ rule: { r: { threshold: '1', interval: 'x' } } }), /"x" is not a whole number/)
    assert.match(problemsOf({ rule: { r: { threshold: '1', reason: ['allow.name'] } } }), /"allow\.name" is no reason/)
    assert.match(problemsOf({ rule: { r: { threshold: '1', webhook: ['x'] } } }), /no webhook x/)
    assert.match(problemsOf({ webhook: { a: { secret: SECRET } } }), /Set the address/)
    assert.match(problemsOf({ webhook: { a: { ...HOOK, url: 'ftp://x/' } } }), /no http or https URL/)
    assert.match(problemsOf({ webhook: { a: { ...HOOK, url: 'https://u:p@x/' } } }), /user or password/)
    assert.match(problemsOf({ webhook: { a: { ...HOOK, secret: 'whsec_short' } } }), /secret of a must be/)
    assert.match(problemsOf({ webhook: { a: { url: HOOK.url } } }), /Without a secret/)
    assert.equal(problemsOf({ webhook: { a: { url: HOOK.url, format: 'alertmanager' } } }), '')
    assert.match(problemsOf({ 'learning-period': '1d' }), /learning-period: "1d" is not a whole number of hours/)
    assert.match(problemsOf({ silence: ['nothing'] }), /no built-in alert "nothing"/)
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`w${i}`, HOOK]))
    assert.match(problemsOf({ webhook: many }), /At most 16 webhooks/)
  })

  it('never tell a secret in a problem', () => {
    const secret = `whsec_${'tellmenot'.repeat(12)}!`
    const url = 'https://user:tellmenot@x/tellmenot'
    const { problems } = read({ webhook: { a: { ...HOOK, secret, url } } })
    assert.equal(problems.length, 2)
    assert.doesNotMatch(JSON.stringify(problems), /tellmenot/)
  })

  it('warn of clear text beyond this machine, and of groups that do not exist', () => {
    const warnings = (url: string) => read({ webhook: { a: { ...HOOK, url } } }).warnings.length
    assert.deepEqual(
      ['http://10.0.0.1/', 'http://[fd00::1]/', 'http://127.0.0.1:9093/x', 'http://[::1]/'].map(warnings),
      [1, 1, 0, 0],
    )
    assert.deepEqual(
      ['http://127.example.net/', 'http://localhost.example.net/', 'http://localhost', 'HTTPS://10.0.0.1/'].map(
        warnings,
      ),
      [1, 1, 0, 0],
    )
    const plan = { groups: [{ name: 'default' }] } as unknown as Plan
    const { settings } = read({ rule: { r: { threshold: '1', group: ['default', 'nowhere'] } } })
    const [warning, ...more] = unknownGroupWarnings(settings, plan)
    assert.match(warning!.message, /no group nowhere/)
    assert.deepEqual(more, [])
  })
})
