import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import type { DecisionRecord } from '../../../src/daemon/records/kinds/record.ts'
import { loggerCommand } from '../../../src/daemon/records/outputs/syslog.ts'
import { runDaemon } from '../../../src/daemon/run.ts'
import { askDaemon } from '../../../src/daemon/status.ts'
import { NO_OBJECTS, printRuleset } from '../../../src/firewall/index.ts'
import { compilePlan, writePlan } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { printUlogdConf } from '../../../src/services/ulogd-conf.ts'
import { testSettings } from '../../unit/daemon/settings.ts'
import { until } from '../support/lab.ts'
import { Topology } from '../support/netns.ts'

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
  const children: ChildProcess[] = []
  const stop = new AbortController()
  let root: string
  let net: Topology
  let daemon: Promise<void>
  let layout: ReturnType<typeof layoutBelow>

  const start = (namespace: string, ...words: string[]): ChildProcess => {
    const child = spawn('ip', ['netns', 'exec', namespace, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    return child
  }
  const counter = (name: string) => {
    const text = net.gateway.run('nft', '-j', 'list', 'counters', 'table', 'inet', 'clawgress')
    const { nftables } = JSON.parse(text) as { nftables: { counter?: { name: string; packets: number } }[] }
    return nftables.find((entry) => entry.counter?.name === name)!.counter!.packets
  }
  /** Lines of a log over all its files. */
  const lines = (path: string) =>
    [4, 3, 2, 1]
      .map((number) => `${path}.${number}`)
      .concat(path)
      .filter((each) => existsSync(each))
      .flatMap((each) => readFileSync(each, 'latin1').split('\n').slice(0, -1))

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'clawgress-test-'))
    layout = layoutBelow(root)
    net = new Topology()
    for (const address of CLIENTS) net.client1.ip(`address add ${address}/24 dev a0`)
    const settings = { ...testSettings, clientInterfaces: ['c1', 'c2'], listenAddresses: ['10.77.1.1', 'fd77:1::1'] }
    const plan = compilePlan(parsePolicy(Buffer.from(JSON.stringify(POLICY))).policy, settings, {})
    const generation = join(layout.run, 'generations', plan.generation)
    mkdirSync(join(layout.run, 'log'), { recursive: true })
    mkdirSync(generation, { recursive: true })
    writePlan(plan, join(generation, 'plan'))
    symlinkSync(generation, runtimePaths(layout).current)
    const ruleset = { present: true, intact: true, closed: false, generation: plan.generation, mark: 1 }
    const none = { unknown: 'not asked' }
    const sight = { seenAt: Date.now(), ruleset, counters: none, clientQueries: none, units: none }
    writeFileSync(runtimePaths(layout).guardReport, JSON.stringify(sight))
    writeFileSync(join(layout.run, 'ruleset.nft'), printRuleset(plan, { mark: 1, live: NO_OBJECTS }))
    net.gateway.run('nft', '-f', join(layout.run, 'ruleset.nft'))
    writeFileSync(join(layout.run, 'ulogd.conf'), printUlogdConf(layout))
    start(net.gateway.name, 'ulogd', '-c', join(layout.run, 'ulogd.conf'))
    const sockets = () => net.gateway.run('cat', '/proc/self/net/netlink').split('\n')
    await until('ulogd2 listens', 8_000, () => sockets().some((line) => / 12 +\d+ +0*4 /.test(line)))
    start(net.internet.name, process.execPath, '-e', `require('net').createServer((s) => s.pipe(s)).listen(443, '::')`)
    await until('the server listens', 8_000, () => net.internet.run('ss', '-Hltn').includes(':443'))
    const [socket, received] = [join(root, 'syslog'), join(root, 'received')]
    const syslog = start(net.gateway.name, 'python3', '-c', SYSLOG, socket, received)
    await once(syslog.stdout!, 'data')
    daemon = runDaemon({
      layout,
      signal: stop.signal,
      syslogCommand: (facility) => [...loggerCommand(facility), '--socket', socket],
      lookUpNames: async () => new Map(),
    })
    await until('the daemon answers', 8_000, async () => (await askDaemon(layout)) !== undefined)
  })

  after(async () => {
    stop.abort()
    await daemon
    for (const child of children) child.kill()
    net?.dispose()
    rmSync(root, { recursive: true, force: true })
  })

  it('is all written or counted, in the file and for syslog, and so are the flows that end meanwhile', async function () {
    this.timeout(90_000)
    const connect = `let n = 0; const next = () => { if (n++ === ${FLOWS}) process.exit()
      require('net').connect(443, '45.45.1.' + (n % 250 + 1), function () { this.end('x') }).on('close', next).resume() }; next()`
    const flows = run('ip', ['netns', 'exec', net.client1.name, process.execPath, '-e', connect])
    const sender = ['--import', 'tsx', 'bench/denials/sender.ts', DENIED, String(PACKETS), String(RATE), ...CLIENTS]
    await run('ip', ['netns', 'exec', net.client1.name, process.execPath, ...sender])
    await flows
    net.gateway.run('conntrack', '-F')
    await until('everything is read', 30_000, async () => {
      const { backlog, flows, lines } = (await askDaemon(layout))!
      return backlog === 0 && flows === FLOWS && lines > 0
    })
    const written = counter('log.written')
    const told = () => lines(runtimePaths(layout).decisions).map((line) => JSON.parse(line) as DecisionRecord)
    const sum = () => told().reduce((all, { count }) => all + count, 0)
    const { lost } = (await askDaemon(layout))!
    await until('every denial is in the log', 10_000, () => sum() + lost.kernel === written)
    assert.ok(written > PACKETS / 4, `${written} of ${PACKETS} were to be written`)
    const records = told()
    assert.equal(new Set(records.map(({ id, event }) => `${id} ${event}`)).size, records.length, 'each once')
    assert.deepEqual([lost.disk, lost.unreadable], [0, 0])
    assert.equal(lines(runtimePaths(layout).flows).length, FLOWS)
    const received = () => readFileSync(join(root, 'received')).length
    const { omissions } = runtimePaths(layout)
    await until('syslog has every record, or its loss is counted', 40_000, async () => {
      const { syslog } = (await askDaemon(layout))!.lost
      return received() + syslog === records.length + FLOWS + lines(omissions).length
    })
  })
})
