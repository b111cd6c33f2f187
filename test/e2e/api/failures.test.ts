import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, it } from 'mocha'
import { runtimePaths } from '../../../src/base/layout.ts'
import { ADMIN, ApiCaller, VIEWER } from '../support/api.ts'
import { current, mustCommit, mustImport, policyFile } from '../support/commits.ts'
import { until, useLab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

const OLD = policyOf('api.openai.com')
const NEW = policyOf('api.openai.com', 'h2.pool.net')

describe('the API when things go wrong', () => {
  const lab = useLab(OLD)
  let api: ApiCaller
  before(async function () {
    this.timeout(60_000)
    api = await ApiCaller.open(lab())
  })

  /** Process ids on the gateway whose command line matches. */
  async function pidsOf(pattern: RegExp): Promise<number[]> {
    const { stdout } = await lab().gateway.exec(['ip', 'netns', 'pids', lab().gateway.namespace])
    return stdout
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0 && pattern.test(commandLine(pid)))
  }
  const commandLine = (pid: number): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch {
      return ''
    }
  }
  /** Kills, or stops, the first process that matches as soon as there is one. @returns its id */
  async function killNext(pattern: RegExp, signal: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): Promise<number> {
    const pid = await until('the process is there', 10_000, async () => (await pidsOf(pattern))[0])
    process.kill(pid, signal)
    return pid
  }

  it('has the old policy or the new one, and nothing between, when root is killed in the middle', async () => {
    const [answer] = await Promise.all([
      api.post('/policy', NEW, { key: ADMIN }),
      killNext(/clawgress\.mjs activation-request/),
    ])
    assert.equal(answer.status, 503)
    assert.match(answer.body.error ?? '', /ended without an answer/)
    await mustCommit(lab(), api.commitOptions())
    assert.ok([OLD, NEW].some((policy) => JSON.stringify(policy) === JSON.stringify(policyFile(lab()))))
    const { status, body } = await api.post('/policy', NEW, { key: ADMIN })
    assert.equal(status, 200, body.error ?? '')
    assert.deepEqual(policyFile(lab()), NEW)
  })

  it('activates what was handed over also when the daemon is killed meanwhile', async () => {
    await mustImport(lab(), NEW)
    const before = current(lab())
    await Promise.all([
      api.post('/policy', OLD, { key: ADMIN }),
      until('root is at it', 10_000, async () => (await pidsOf(/clawgress\.mjs activation-request/)).length > 0).then(
        () => killNext(/clawgress\.mjs daemon/),
      ),
    ])
    await until('the daemon is back', 20_000, async () => (await api.get('/health', {})).status === 200)
    const { body } = await api.get('/policy', { key: VIEWER })
    assert.deepEqual(body.data, { generation: current(lab()), policy: policyFile(lab()) })
    assert.ok(current(lab()) !== before || JSON.stringify(policyFile(lab())) === JSON.stringify(NEW))
  })

  it('answers with an operation when root takes long, which tells how it ended', async () => {
    const wanted = policyOf('h1.pool.net')
    const before = current(lab())
    const [{ status, headers, body }, pid] = await Promise.all([
      api.submit('/policy', wanted, { key: ADMIN }),
      killNext(/clawgress\.mjs activation-request/, 'SIGSTOP'),
    ])
    assert.equal(current(lab()), before)
    process.kill(pid, 'SIGCONT')
    assert.equal(status, 202, body.error ?? '')
    assert.deepEqual([body.data.kind, body.data.user, body.data.state], ['import', 'root', 'running'])
    assert.match(headers, new RegExp(`^location: /clawgress/operations/${body.data.id}\r?$`, 'm'))
    const ended = await until('the operation has ended', 20_000, async () => {
      const { data } = (await api.get(`/operations/${body.data.id}`, { key: VIEWER })).body
      return data.state !== 'running' && data
    })
    assert.equal(ended.state, 'succeeded', JSON.stringify(ended))
    const { generation, changed } = ended.result as { generation: string; changed: boolean }
    assert.deepEqual([generation, changed, policyFile(lab())], [current(lab()), true, wanted])
    assert.notEqual(generation, before)
  })

  it('says so and stays up when the guard, which asks root, is gone', async () => {
    const { activationSocket } = runtimePaths(lab().gateway.layout)
    // Held still, for it opens a lost socket again within a tenth of a second.
    const guard = await killNext(/clawgress\.mjs guard/, 'SIGSTOP')
    try {
      await lab().gateway.exec(['rm', activationSocket])
      const { status, body } = await api.post('/policy', NEW, { key: ADMIN })
      assert.equal(status, 503)
      assert.match(body.error ?? '', /restart clawgress/)
    } finally {
      process.kill(guard, 'SIGCONT')
    }
    await until('the guard listens again', 10_000, async () => {
      return (await api.post('/policy', NEW, { key: ADMIN })).status === 200
    })
  })

  it('tells that the disk is full, and leaves the old policy in force', async () => {
    await mustImport(lab(), OLD)
    const before = current(lab())
    const { root } = lab().gateway.layout
    const fill = `${root}/fill`
    await lab().gateway.exec(['dd', 'if=/dev/zero', `of=${fill}`, 'bs=1M'], { mayFail: true })
    try {
      const { status, body } = await api.post('/policy', NEW, { key: ADMIN })
      assert.equal(status, 507, body.error ?? '')
      assert.match(body.error ?? '', /apply\.disk-full/)
    } finally {
      await lab().gateway.exec(['rm', '-f', fill])
    }
    assert.equal(current(lab()), before)
    assert.deepEqual(policyFile(lab()), OLD)
    assert.equal((await api.post('/policy', NEW, { key: ADMIN })).status, 200)
  })
})
