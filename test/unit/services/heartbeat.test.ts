import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Heartbeat } from '../../../src/services/heartbeat.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { DatagramReceiver } from '../../e2e/support/datagram-receiver.ts'

describe('the heart beat', () => {
  let folder: string
  let beating: Heartbeat | undefined

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-beat-'))
  })
  afterEach(() => {
    beating?.stop()
    rmSync(folder, { recursive: true })
  })

  it('says until systemd takes it that the program has started, for it would be killed otherwise', async () => {
    const path = join(folder, 'notify')
    const env = { NOTIFY_SOCKET: path }
    beating = new Heartbeat(60_000, env)
    using systemd = new DatagramReceiver(path)
    const heard: string[] = []
    await until('two beats', 15_000, () => {
      const datagram = systemd.receive()
      if (datagram !== undefined) heard.push(datagram)
      return heard.length === 2
    })
    assert.deepEqual(heard, ['READY=1\nWATCHDOG=1', 'WATCHDOG=1'])
    assert.deepEqual(env, {}, 'nothing that this program starts speaks for it')
  })
})
