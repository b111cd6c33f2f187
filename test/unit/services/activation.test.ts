import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ClawgressError } from '../../../src/base/errors.ts'
import { type Layout, runtimePaths } from '../../../src/base/layout.ts'
import { ownCommand } from '../../../src/base/own-command.ts'
import { requestActivation } from '../../../src/services/activation/client.ts'
import { ActivationListener } from '../../../src/services/activation/listener.ts'
import { type ActivationRequest, END_OF_POLICY, framed } from '../../../src/services/activation/protocol.ts'
import { readActivationRequest } from '../../../src/services/activation/read-request.ts'
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
    for (const user of ['bind', 'ulog', 'nobody']) assert.equal(connects(user), false, user)
  })

  it('is answered by a process of root, in sentences', async () => {
    assert.deepEqual(await codesOf(ask({ operation: 'import', user: 'alice', into: 'file' })), ['config.missing'])
  })

  it('is nothing but these requests, whole, and bounded', async () => {
    const line = (value: object) => Buffer.from(`${JSON.stringify(value)}\n`)
    const refused = (wanted: RegExp, ...parts: Buffer[]) =>
      assert.rejects(readActivationRequest(Readable.from(parts), 1_000), wanted)
    for (const request of [
      { operation: 'run', user: 'alice' },
      { operation: 'import', user: '../alice', into: 'file' },
      { operation: 'import', user: 'alice', into: 'file', path: '/etc/passwd' },
      { operation: 'rollback', user: 'alice', version: '../1' },
    ])
      await refused(/none that root answers/, line(request))
    await refused(/longer than 1024/, Buffer.alloc(5000, 'x'))
    await refused(/not JSON/, Buffer.from('{\n'))
    const order = line({ operation: 'import', user: 'alice', into: 'file' })
    const [length, policy] = framed(Buffer.from(POLICY)) as [Buffer, Buffer]
    await refused(/cut off; nothing was changed/, order, length, policy.subarray(1))
    await refused(/cut off; nothing was changed/, order, length, policy)
    await refused(/policy\.limit/, order, ...framed(Buffer.alloc(600)), ...framed(Buffer.alloc(600)))
    await refused(/policy\.limit/, order, Buffer.from('ffffffff', 'hex'))
    const whole = Buffer.concat([order, length, policy, END_OF_POLICY])
    for (const size of [1, 7, whole.length]) {
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
        whole.subarray(i * size, (i + 1) * size),
      )
      const read = await readActivationRequest(Readable.from(pieces), 1_000)
      assert.equal(read.policy.toString(), POLICY)
    }
  })

  it('does not reach root with a policy whose sender goes away', async () => {
    const failing = Readable.from(
      (async function* () {
        yield Buffer.from(POLICY.slice(0, 5))
        throw new Error('the sender went away')
      })(),
    )
    await assert.rejects(
      requestActivation(path(), { operation: 'import', user: 'alice', into: 'file' }, failing),
      /went away/,
    )
  })

  it('is listened to again after the run folder was emptied, what is made meanwhile with all the rights it should have', async () => {
    rmSync(path())
    assert.deepEqual(await codesOf(ask({ operation: 'check', user: 'alice' })), ['system.unreachable'])
    const looking = listener.look()
    const made = join(layout.run, 'made-meanwhile')
    mkdirSync(made)
    await looking
    assert.equal(statSync(made).mode & 0o777, 0o777 & ~process.umask())
    assert.equal(statSync(runtimePaths(layout).guardFolder).mode & 0o777, 0o700)
    assert.equal(statSync(path()).mode & 0o777, 0o660)
    assert.deepEqual(await codesOf(ask({ operation: 'check', user: 'alice' })), ['config.missing'])
  })

  it('is asked for nowhere when the guard has ended', async () => {
    listener.close()
    assert.equal(existsSync(path()), false)
  })
})
