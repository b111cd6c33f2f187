import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'mocha'
import { readHistory } from '../../../src/conf_mode/policy/history.ts'
import type { AlertReport } from '../../../src/daemon/alerts/daemon-alerts.ts'
import { ADMIN, ApiCaller, OPERATOR, VIEWER } from '../support/api.ts'
import { current, history, LAB_CONFIG, mustCommit, mustImport, policyFile } from '../support/commits.ts'
import { until, useLab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

const OLD = policyOf('api.openai.com')
const NEW = policyOf('api.openai.com', 'h2.pool.net')
const NEWER = policyOf('api.openai.com', 'h3.pool.net')

describe('the API of a gateway', () => {
  const lab = useLab(OLD)
  let api: ApiCaller
  before(async function () {
    this.timeout(60_000)
    api = await ApiCaller.open(lab())
  })

  const live = () => current(lab())
  const policyPath = () => lab().gateway.file('/config/policy.json')
  const unchanged = async (ask: () => Promise<unknown>) => {
    const before = [live(), policyFile(lab()), history(lab())]
    await ask()
    assert.deepEqual([live(), policyFile(lab()), history(lab())], before)
  }

  it('activates a policy: live, in the policy file and in the history when it answers, over both families', async () => {
    for (const [policy, over] of [
      [NEW, 'v4'],
      [NEWER, 'v6'],
    ] as const) {
      const { status, body, headers } = await api.post('/policy', policy, { key: ADMIN, over })
      assert.equal(status, 200, body.error ?? '')
      assert.equal(body.data.generation, live())
      assert.match(headers, new RegExp(`etag: "${live()}"`))
      assert.deepEqual(policyFile(lab()), policy)
      assert.equal(readHistory(lab().gateway.layout).at(-1)!.user, 'api:root')
      const shown = await api.get('/policy', { key: VIEWER, over })
      assert.deepEqual(shown.body.data, { generation: live(), policy })
      const { body: now } = await api.get('/status', { key: VIEWER, over })
      assert.deepEqual([now.data.enforcing, now.data.generation], [true, live()], JSON.stringify(now.data.troubles))
    }
  })

  it('takes forms as VyOS does, of both kinds', async () => {
    for (const [policy, option] of [
      [NEW, '--form-string'],
      [NEWER, '--data-urlencode'],
    ] as const) {
      const fields = [`data=${JSON.stringify(policy)}`, `key=${ADMIN}`].flatMap((field) => [option, field])
      const { status, body } = await api.curl('/policy', fields)
      assert.equal(status, 200, body.error ?? '')
      assert.deepEqual(policyFile(lab()), policy)
    }
    const { status } = await api.curl('/policy', ['-F', `data=${JSON.stringify(NEW)}`, '-F', `key=${VIEWER}`])
    assert.equal(status, 403)
  })

  it('says what a policy would change without changing anything', () =>
    unchanged(async () => {
      const { status, body } = await api.post('/policy?dry-run=true', OLD, { key: OPERATOR })
      assert.equal(status, 200, body.error ?? '')
      assert.match(String(body.data.messages), /h3\.pool\.net/)
      assert.equal(body.data.milliseconds, undefined)
    }))

  it('refuses a policy that is none, naming every fault with its place, and changes nothing', () =>
    unchanged(async () => {
      const text = '{\n  "version": 1,\n  "allow": { "domains": ["*.com", "a b"], "port": [80] }\n}'
      const { status, body } = await api.post('/policy', text, { key: ADMIN })
      assert.equal(status, 422)
      assert.equal(body.success, false)
      const problems = body.data.problems as { code: string; line?: number }[]
      assert.deepEqual(
        problems.map(({ code, line }) => [code, line]).sort(),
        [
          ['policy.name', 3],
          ['policy.public-suffix', 3],
          ['policy.unknown-field', 3],
        ].sort(),
      )
    }))

  it('changes nothing for a generation that is live no more', () =>
    unchanged(async () => {
      const outdated = history(lab())[0]!
      assert.equal((await api.post('/policy', OLD, { key: ADMIN, match: `"${outdated}"` })).status, 412)
      const tried = await api.post('/policy?dry-run=true', OLD, { key: OPERATOR, match: `"${outdated}"` })
      assert.deepEqual([tried.status, /policy\.outdated/.test(tried.body.error ?? '')], [412, true])
      assert.equal((await api.post('/policy?dry-run=true', OLD, { key: OPERATOR, match: `"${live()}"` })).status, 200)
      assert.equal((await api.post('/policy', OLD, { key: ADMIN, match: 'W/"x"' })).status, 400)
      assert.equal((await api.post('/policy?dry-run=true', OLD, { key: OPERATOR, match: 'W/"x"' })).status, 400)
    }))

  it('lets one of several posts at once win, and mixes nothing', async () => {
    const outdated = live()
    const match = `"${outdated}"`
    const policies = ['h1', 'h2', 'h4', 'h5'].map((host) => policyOf(`${host}.pool.net`))
    const answers = await Promise.all(policies.map((policy) => api.post('/policy', policy, { key: ADMIN, match })))
    const statuses = answers.map(({ status }) => status)
    assert.deepEqual(
      statuses.filter((status) => status === 200),
      [200],
      String(statuses),
    )
    for (const status of statuses) assert.ok([200, 409, 412].includes(status), String(statuses))
    const won = statuses.indexOf(200)
    assert.deepEqual(policyFile(lab()), policies[won])
    assert.equal(answers[won]!.body.data.generation, live())
  })

  it('shows that the policy file was edited behind its back, and that it was put back', async () => {
    const text = readFileSync(policyPath(), 'utf8')
    const state = async () => (await api.get('/status', { key: VIEWER })).body.data
    await until('it is the same', 10_000, async () => (await state()).policyFileState === 'same')
    writeFileSync(policyPath(), `${text} `)
    try {
      await until('the edit is seen', 10_000, async () => (await state()).policyFileState === 'changed')
      assert.match(String((await state()).troubles), /policy\.json was edited after it was activated/)
    } finally {
      writeFileSync(policyPath(), text)
    }
    await until('it is the same again', 10_000, async () => (await state()).policyFileState === 'same')
  })

  it('goes back to an earlier version, and shows versions and what differs', async () => {
    const [first] = readHistory(lab().gateway.layout)
    const { status, body } = await api.post('/policy/rollback', { version: first!.number }, { key: OPERATOR })
    assert.equal(status, 200, body.error ?? '')
    assert.equal(live(), first!.generation)
    assert.deepEqual(policyFile(lab()), OLD)
    const { body: versions } = await api.get('/policy/versions', { key: VIEWER })
    const [newest] = versions.data as unknown as { user: string; live: boolean }[]
    assert.deepEqual([newest!.user, newest!.live], ['api:night', true])
    const { body: diff } = await api.get(`/policy/diff?from=${first!.number}&to=2`, { key: VIEWER })
    assert.match(String(diff.data.text), /\+ h2\.pool\.net/)
    assert.equal((await api.post('/policy/rollback', { version: 4711 }, { key: OPERATOR })).status, 404)
    assert.equal((await api.get('/policy/diff?from=4711', { key: VIEWER })).status, 404)
  })

  it('tells whether something would be allowed', async () => {
    const test = (query: string) => api.get(`/policy/test?${query}`, { key: VIEWER })
    assert.equal((await test('name=api.openai.com&port=443&client=10.77.1.10')).body.data.verdict, 'allow')
    assert.equal((await test('name=example.org')).body.data.reason, 'dns.not-allowed')
    assert.equal((await test('name=a%20b')).status, 400)
    assert.equal((await test('port=443')).status, 400)
  })

  it('admits by key and role alone, and says which is missing', async () => {
    assert.equal((await api.get('/status', {})).status, 401)
    assert.equal((await api.get('/status', { key: `${VIEWER}x` })).status, 401)
    assert.equal((await api.get('/no-such-thing', {})).status, 401)
    assert.equal((await api.get('/no-such-thing', { key: ADMIN })).status, 404)
    assert.equal((await api.post('/policy', NEW, { key: OPERATOR })).status, 403)
    assert.equal((await api.post('/policy/rollback', { version: 1 }, { key: VIEWER })).status, 403)
    assert.equal((await api.get('/health', {})).status, 200)
    const bearer = await api.curl('/status', ['-H', `Authorization: Bearer ${VIEWER}`])
    assert.equal(bearer.status, 200)
  })

  it('writes no key anywhere that others read', async () => {
    const { run, log, state } = lab().gateway.layout
    const everything = ['grep', '-rlE', `${ADMIN}|${OPERATOR}|${VIEWER}`, run, log, state]
    const { stdout } = await lab().gateway.exec(everything, { mayFail: true })
    for (const file of stdout.split('\n').filter((line) => line !== '')) assert.match(file, /\/input\.json$/)
    const { stdout: modes } = await lab().gateway.exec(['find', run, '-name', 'input.json', '-perm', '/077'])
    assert.equal(modes, '')
  })

  it('shows what was denied, and counts it', async () => {
    await lab().agent(1).exec(['dig', '+time=2', '+tries=1', 'denied.example.org'], { mayFail: true })
    const denied = async () => (await api.get('/denies?name=denied.example.org', { key: VIEWER })).body.data.records
    await until('the denial is recorded', 5_000, async () => ((await denied()) as unknown[]).length > 0)
    const { body } = await api.get('/telemetry?by=name', { key: VIEWER })
    assert.match(JSON.stringify(body.data.rows), /denied\.example\.org/)
    const metrics = await api.get('/metrics', { key: VIEWER })
    assert.match(metrics.headers, /content-type: text\/plain/)
    assert.match(metrics.body.error ?? '', /^# HELP clawgress_/m)
  })

  it('says that a new gateway learns who is refused names, and alerts of nobody meanwhile', async () => {
    const report = async () => (await api.get('/alerts', { key: VIEWER })).body.data as unknown as AlertReport
    await lab().agent(1).exec(['dig', '+time=2', '+tries=1', 'learnt.example.org'], { mayFail: true })
    const learnt = async () => (await api.get('/denies?name=learnt.example.org', { key: VIEWER })).body.data.records
    await until('the denial is recorded', 5_000, async () => ((await learnt()) as unknown[]).length > 0)
    const { learningSeconds } = await report()
    assert.ok(learningSeconds > 23 * 3_600 && learningSeconds <= 24 * 3_600, String(learningSeconds))
    await until('the alerts were judged since', 5_000, async () => (await report()).learningSeconds < learningSeconds)
    const { firing, resolved } = await report()
    assert.deepEqual(
      [...firing, ...resolved].filter(({ event }) => event === 'client.first-denial'),
      [],
    )
  })

  it('shows the alerts that the command shows', async () => {
    const { body } = await api.get('/alerts', { key: VIEWER })
    const { stdout } = await lab().gateway.clawgress(['alerts', '--json'])
    const startsOf = ({ firing, resolved }: Partial<AlertReport>) =>
      [...firing!, ...resolved!].map(({ event, startsAt }) => `${startsAt} ${event}`).sort()
    assert.deepEqual(startsOf(body.data), startsOf(JSON.parse(stdout)))
  })

  it('is out of reach for policed clients, unless the configuration says otherwise', async () => {
    const reach = (options: object) =>
      lab()
        .agent(1)
        .exec(api.command('/health', ['-k'], '10.77.1.1'), options)
    assert.notEqual((await reach({ mayFail: true })).exitCode, 0)
    await api.configure({ 'allow-client': { policed: {} } })
    assert.match((await reach({})).stdout, /"ready":true/)
    await api.configure({ 'allow-client': { policed: {}, address: ['62.10.0.0/16', '2a0b:10::/64', '127.0.0.0/8'] } })
    await until('others are refused', 5_000, async () => /may not use the API/.test((await reach({})).stdout))
    await api.configure({})
    assert.notEqual((await reach({ mayFail: true })).exitCode, 0)
  })

  it('goes away with the configuration, and comes back with it', async () => {
    await mustCommit(lab(), { proposed: LAB_CONFIG })
    await until('nobody listens', 5_000, async () => (await api.get('/health', {})).status === 0)
    await api.configure({})
    assert.equal((await api.get('/status', { key: VIEWER })).status, 200)
  })

  it('speaks TLS 1.2 and later', async () => {
    assert.equal((await api.curl('/health', ['--tls-max', '1.2'])).status, 200)
    assert.equal((await api.curl('/health', ['--tls-max', '1.1'])).status, 0)
  })

  it('is what clawgress policy push speaks', async () => {
    await lab().gateway.write('/config/push.json', NEWER)
    const keyFile = join(lab().gateway.layout.root, 'key')
    writeFileSync(keyFile, `${ADMIN}\n`)
    const push = (...words: string[]) =>
      lab().gateway.clawgress(
        [
          ...['policy', 'push', lab().gateway.file('/config/push.json'), '--url', 'https://62.10.0.2:8443'],
          ...['--key-file', keyFile, '--ca-file', api.authority, ...words],
        ],
        { mayFail: true },
      )
    chmodSync(keyFile, 0o644)
    assert.match((await push()).stderr, /Others can read the file with the key/)
    chmodSync(keyFile, 0o600)
    const tried = await push('--dry-run')
    assert.match(tried.stdout, /h3\.pool\.net/, tried.stderr)
    for (const words of [[], ['--dry-run']])
      assert.match((await push('--if-match', '0123456789abcdef', ...words)).stderr, /is live by now.*policy\.outdated/)
    const { stdout, stderr, exitCode } = await push()
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, new RegExp(`Generation ${live()} is live and proven`))
    assert.deepEqual(policyFile(lab()), NEWER)
  })

  it('follows an import on the gateway itself', async () => {
    await mustImport(lab(), OLD)
    const { body } = await api.get('/policy', { key: VIEWER })
    assert.deepEqual(body.data, { generation: live(), policy: JSON.parse(readFileSync(policyPath(), 'utf8')) })
  })
})
