import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { createConnection, type Server, type Socket } from 'node:net'
import { setImmediate as loopTurn } from 'node:timers/promises'
import { fail } from '../../../src/base/errors.ts'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { askMetrics, askTestAlert, followRecords, serveQueries } from '../../../src/daemon/query-socket.ts'
import { RecordBus } from '../../../src/daemon/records/outputs/record-bus.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { denial } from './alerts/records.ts'
import { tempFolder } from './temp-folder.ts'

describe('questions to the daemon on its own machine', () => {
  const folder = tempFolder()
  const bus = new RecordBus()
  let listening = 0
  let server: Server
  before(async () => {
    const layout = layoutBelow(folder())
    mkdirSync(runtimePaths(layout).daemonFolder, { recursive: true })
    server = await serveQueries(layout, {
      telemetry: { query: () => assert.fail('nobody asks') },
      metricsText: async () => ({ text: 'clawgress_enforcing 1\n' }),
      onRecord: (listener) => {
        const stop = bus.onRecord(listener)
        listening++
        return () => {
          stop()
          listening--
        }
      },
      alerts: { report: () => assert.fail('nobody asks'), test: async () => fail('alert.test', 'There is none.') },
    })
  })
  after(() => server.close())

  const connect = (text: string): Socket => {
    const socket = createConnection(runtimePaths(layoutBelow(folder())).daemonQuerySocket)
    socket.on('error', () => socket.destroy())
    socket.write(text)
    return socket
  }

  it('are answered, with what was refused too', async () => {
    const layout = layoutBelow(folder())
    assert.equal(await askMetrics(layout), 'clawgress_enforcing 1\n')
    await assert.rejects(askTestAlert(layout), /There is none\./)
    await assert.rejects(askMetrics(layoutBelow(`${folder()}/nobody`)), /clawgressd does not answer/)
  })

  it('that are none end without an answer, and the next one is answered', async () => {
    for (const text of [
      '\n',
      'metrics\n',
      '{"command":"format"}\n',
      '{"command":"metrics","x":1}\n',
      'x'.repeat(5_000),
    ]) {
      const socket = connect(text)
      let answered = ''
      socket.setEncoding('utf8').on('data', (part) => {
        answered += part
      })
      await until(`the end of ${text.slice(0, 20)}`, 5_000, () => socket.closed)
      assert.equal(answered, '')
    }
    assert.match(await askMetrics(layoutBelow(folder())), /enforcing/)
  })

  it('for records are answered until who asked leaves; one that does not read is cut off, and holds up nobody', async () => {
    const leave = new AbortController()
    let taken = 0
    const following = followRecords(layoutBelow(folder()), () => taken++, leave.signal)
    const idle = connect('{"command":"records"}\n').pause()
    await until('both listen', 15_000, () => listening === 2)
    const record = denial()
    let made = 0
    for (const end = Date.now() + 5_000; listening === 2 && Date.now() < end; await loopTurn())
      for (let i = 0; i < 20; i++, made++) bus.publish([record])
    await until('the idle one is cut off', 15_000, () => listening === 1)
    await until('the other has every record', 15_000, () => taken === made)
    leave.abort()
    await following
    await until('nobody listens', 15_000, () => listening === 0)
    idle.destroy()
  })
})
