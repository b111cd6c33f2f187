import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { Readable } from 'node:stream'
import { ClawgressError } from '../../../src/base/errors.ts'
import { type Layout, runtimePaths } from '../../../src/base/layout.ts'
import { ownCommand } from '../../../src/base/own-command.ts'
import { requestActivation } from '../../../src/services/activation/client.ts'
import { ActivationListener } from '../../../src/services/activation/listener.ts'
import type { ActivationRequest } from '../../../src/services/activation/protocol.ts'
import { prepareFolders } from '../../../src/services/folders.ts'
import { removeLayout, temporaryLayout } from './support/gateway.ts'

const POLICY = JSON.stringify({ version: 1, allow: { domains: ['example.com'] } })

describe('what the daemon may ask root for', () => {
  let layout: Layout
  let listener: ActivationListener
  const path = () => runtimePaths(layout).activationSocket
  before(async () => {
    layout = temporaryLayout()
    prepareFolders(layout)
    listener = new ActivationListener(layout, [
      'env',
      `CLAWGRESS_ROOT=${layout.root}`,
      ...ownCommand('activation-request'),
    ])
    await listener.look()
  })
  after(() => {
    listener.close()
    removeLayout(layout)
  })

  /** What the process of root answers to octets. */
  const answerTo = async (...parts: (string | Buffer)[]): Promise<string> => {
    const socket = createConnection({ path: path(), allowHalfOpen: true })
    for (const part of parts) socket.write(part)
    socket.end()
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  }
  const codesOf = async (work: Promise<unknown>): Promise<string[]> => {
    try {
      await work
    } catch (error) {
      if (error instanceof ClawgressError) return error.problems.map(({ code }) => code)
      throw error
    }
    return []
  }
  const ask = async (request: ActivationRequest, policy = POLICY) =>
    (await requestActivation(path(), request, Readable.from([Buffer.from(policy)]))).result

  it('comes over a socket that its user alone can open', () => {
    const connects = (user: string) => {
      const script = `require('net').connect('${path()}').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`
      const identity = ['--reuid', user, '--regid', user, '--init-groups']
      return spawnSync('setpriv', [...identity, '--', '/usr/bin/env', 'node', '-e', script], { cwd: '/' }).status === 0
    }
    assert.equal(connects('clawgress'), true)
    for (const user of ['bind', 'ulog', 'nobody'])
      assert.equal(connects(user === 'nobody' ? 'games' : user), false, user)
  })

  it('is answered by a process of root, in sentences', async () => {
    assert.deepEqual(await codesOf(ask({ operation: 'check', user: 'alice' })), ['config.missing'])
    assert.deepEqual(await codesOf(ask({ operation: 'import', user: 'alice' })), ['config.missing'])
  })

  it('is nothing but these requests, whole, and bounded', async () => {
    const line = (value: object) => `${JSON.stringify(value)}\n`
    for (const request of [
      line({ operation: 'run', user: 'alice' }),
      line({ operation: 'import', user: '../alice' }),
      line({ operation: 'import', user: 'alice', path: '/etc/passwd' }),
      line({ operation: 'rollback', user: 'alice', version: '../1' }),
    ])
      assert.match(await answerTo(request), /none that root answers/, request)
    assert.match(await answerTo('x'.repeat(5000)), /longer than 1024/)
    assert.match(await answerTo('{\n'), /not JSON/)
    const cut = Buffer.alloc(4)
    cut.writeUInt32BE(POLICY.length)
    const order = line({ operation: 'import', user: 'alice' })
    assert.match(await answerTo(order, cut, POLICY.slice(0, -1)), /cut off; nothing was changed/)
    assert.match(await answerTo(order, cut, POLICY), /cut off; nothing was changed/)
    const huge = Buffer.alloc(4)
    huge.writeUInt32BE(0xffffffff)
    assert.match(await answerTo(order, huge), /policy\.limit/)
  }).timeout(30_000)

  it('does not reach root with a policy whose sender goes away', async () => {
    const failing = Readable.from(
      (async function* () {
        yield Buffer.from(POLICY.slice(0, 5))
        throw new Error('the sender went away')
      })(),
    )
    await assert.rejects(requestActivation(path(), { operation: 'import', user: 'alice' }, failing), /went away/)
  })

  it('is listened to again after the run folder was emptied', async () => {
    rmSync(path())
    assert.deepEqual(await codesOf(ask({ operation: 'check', user: 'alice' })), ['system.unreachable'])
    await listener.look()
    assert.deepEqual(await codesOf(ask({ operation: 'check', user: 'alice' })), ['config.missing'])
  })
})
