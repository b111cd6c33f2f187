import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runtimePaths } from '../../../src/base/layout.ts'
import type { DecisionRecord } from '../../../src/daemon/records/kinds/record.ts'
import { loggerCommand } from '../../../src/daemon/records/outputs/syslog.ts'
import { askDaemon } from '../../../src/daemon/status.ts'
import { until } from '../support/lab.ts'
import { RecordingRig } from '../support/recording-rig.ts'

const run = promisify(execFile)

const POLICY = { version: 1, allow: { ips: ['45.45.1.0/24'], ports: [443] } }
const DENIED = '45.45.9.9'
/** The rate that all clients together have records for; a client has a twentieth of it. */
const RATE = 20_000
const PACKETS = 20_000
const CLIENTS = Array.from({ length: 24 }, (_, i) => `10.77.1.${100 + i}`)
const FLOWS = 200

/** Stands where syslog would; an octet in the file for every message that is no alert. */
const SYSLOG = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
file = open(sys.argv[2], 'ab', buffering=0)
print('ready', flush=True)
while True:
    if b'"schema":"clawgress.alert/' not in s.recv(65536): file.write(b'.')
`

describe('a flood of denials', () => {
  let rig: RecordingRig

  /** Lines of a log over all its files. */
  const lines = (path: string) =>
    [4, 3, 2, 1]
      .map((number) => `${path}.${number}`)
      .concat(path)
      .filter((each) => existsSync(each))
      .flatMap((each) => readFileSync(each, 'latin1').split('\n').slice(0, -1))

  before(async () => {
    rig = new RecordingRig(POLICY)
    for (const address of CLIENTS) rig.net.client1.ip(`address add ${address}/24 dev a0`)
    await rig.startUlogd()
    await rig.startServer()
    const [socket, received] = [join(rig.root, 'syslog'), join(rig.root, 'received')]
    await once(rig.start(rig.net.gateway, 'python3', '-c', SYSLOG, socket, received).stdout!, 'data')
    await rig.startDaemon({
      syslogCommand: (facility) => [...loggerCommand(facility), '--socket', socket],
    })
  })

  after(() => rig?.[Symbol.asyncDispose]())

  it('is all written or counted, in the file and for syslog, and so are the flows that end meanwhile', async function () {
    this.timeout(90_000)
    const connect = `let n = 0; const next = () => { if (n++ === ${FLOWS}) process.exit()
      require('net').connect(443, '45.45.1.' + (n % 250 + 1), function () { this.end('x') }).on('close', next).resume() }; next()`
    const flows = run('ip', ['netns', 'exec', rig.net.client1.name, process.execPath, '-e', connect])
    const sender = ['--import', 'tsx', 'bench/denials/sender.ts', DENIED, String(PACKETS), String(RATE), ...CLIENTS]
    await run('ip', ['netns', 'exec', rig.net.client1.name, process.execPath, ...sender])
    await flows
    rig.net.gateway.run('conntrack', '-F')
    await until('everything is read', 30_000, async () => {
      const { backlog, flows, lines } = (await askDaemon(rig.layout))!
      return backlog === 0 && flows === FLOWS && lines > 0
    })
    const written = rig.counter('log.written')
    const told = () => lines(runtimePaths(rig.layout).decisions).map((line) => JSON.parse(line) as DecisionRecord)
    const sum = () => told().reduce((all, { count }) => all + count, 0)
    const { lost } = (await askDaemon(rig.layout))!
    await until('every denial is in the log', 10_000, () => sum() + lost.kernel === written)
    assert.ok(written > PACKETS / 4, `${written} of ${PACKETS} were to be written`)
    const records = told()
    assert.equal(new Set(records.map(({ id, event }) => `${id} ${event}`)).size, records.length, 'each once')
    assert.deepEqual([lost.disk, lost.unreadable], [0, 0])
    assert.equal(lines(runtimePaths(rig.layout).flows).length, FLOWS)
    const received = () => readFileSync(join(rig.root, 'received')).length
    const { omissions } = runtimePaths(rig.layout)
    await until('syslog has every record, or its loss is counted', 40_000, async () => {
      const { syslog } = (await askDaemon(rig.layout))!.lost
      return received() + syslog === records.length + FLOWS + lines(omissions).length
    })
  })
})
