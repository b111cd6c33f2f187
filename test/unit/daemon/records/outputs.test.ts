import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DecisionLog } from '../../../../src/daemon/records/outputs/decision-log.ts'
import { loggerCommand, Syslog } from '../../../../src/daemon/records/outputs/syslog.ts'
import { tempFolder, until } from '../temp-folder.ts'

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1)

describe('the decision log', () => {
  const folder = tempFolder()

  it('is bounded: full files are renamed, the oldest go', () => {
    const path = join(folder(), 'a', 'decisions.jsonl')
    const log = new DecisionLog(path, { maxBytes: 100, keep: 2 })
    for (let i = 0; i < 50; i++) log.write([`line ${i}`])
    log.close()
    assert.deepEqual(
      ['', '.1', '.2', '.3'].map((end) => existsSync(path + end)),
      [true, true, true, false],
    )
    const kept = ['.2', '.1', ''].flatMap((end) => linesOf(path + end))
    assert.equal(kept.at(-1), 'line 49')
    assert.deepEqual(
      kept,
      kept.map((_, index) => `line ${50 - kept.length + index}`),
    )
  })

  it('is opened anew where another program renamed it', () => {
    const path = join(folder(), 'b.jsonl')
    const log = new DecisionLog(path)
    log.write(['one'])
    renameSync(path, `${path}.old`)
    log.write(['two'])
    log.close()
    assert.deepEqual([linesOf(`${path}.old`), linesOf(path)], [['one'], ['two']])
  })

  it('survives a full disk: whole records are lost, counted, and the next ones are whole', () => {
    const mount = join(folder(), 'small')
    mkdirSync(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', mount])
    try {
      const log = new DecisionLog(join(mount, 'decisions.jsonl'))
      writeFileSync(join(mount, 'ballast'), Buffer.alloc(40_000))
      const line = 'x'.repeat(999)
      for (let i = 0; i < 40; i++) log.write([line])
      assert.equal(log.trouble, 'ENOSPC')
      const written = linesOf(join(mount, 'decisions.jsonl')).length
      assert.equal(log.lost, 40 - written)
      rmSync(join(mount, 'ballast'))
      log.write(['after'])
      log.close()
      assert.equal(log.trouble, undefined)
      const lines = linesOf(join(mount, 'decisions.jsonl'))
      assert.equal(lines.pop(), 'after')
      assert.ok(lines.every((text) => text === line))
    } finally {
      execFileSync('umount', [mount])
    }
  })
})

/** Stands where syslog would; an octet in the file for every message. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
file = open(sys.argv[2], 'wb', buffering=0)
print('ready', flush=True)
while True:
    s.recv(65536)
    file.write(b'.')
`

describe('syslog', () => {
  const folder = tempFolder()

  it('gets long records whole, through logger', async () => {
    const received: string[] = []
    const server = createSocket('udp6').on('message', (message) => received.push(message.toString()))
    await new Promise<void>((resolve) => server.bind(0, '::1', resolve))
    const target = ['--server', '::1', '--port', String((server.address() as AddressInfo).port), '--udp', '--rfc3164']
    const syslog = new Syslog([...loggerCommand('local3'), ...target])
    try {
      const long = `{"name":"${'y'.repeat(3000)}"}`
      syslog.send(['{"a":1}', long])
      await until(() => received.length === 2, 'two messages')
      assert.match(received[0]!, /^<158>.* clawgress: \{"a":1\}$/)
      assert.ok(received[1]!.endsWith(long))
      assert.equal(syslog.dropped, 0)
    } finally {
      syslog.close()
      server.close()
    }
  })

  it('whose sender is killed under load misses only lines that are counted', async () => {
    const socket = join(folder(), 'dev-log')
    const file = join(folder(), 'received')
    const receiver = spawn('python3', ['-c', RECEIVER, socket, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const syslog = new Syslog([...loggerCommand('local3'), '--socket', socket])
    try {
      await once(receiver.stdout!, 'data')
      const received = () => readFileSync(file).length
      const lines = Array.from({ length: 500 }, (_, i) => `${i} ${'x'.repeat(500)}`)
      let given = 0
      const give = () => {
        syslog.send(lines)
        given += lines.length
      }
      give()
      await until(() => received() > 0, 'the first messages')
      for (let i = 0; i < 10; i++) give()
      const [pid] = execFileSync('pgrep', ['--parent', String(process.pid), '--exact', 'logger'], { encoding: 'utf8' })
        .trim()
        .split('\n')
      process.kill(Number(pid), 'SIGKILL')
      give()
      await until(() => syslog.dropped >= lines.length, 'lines that died with it')
      const before = received()
      await until(() => {
        give()
        return received() > before
      }, 'messages of the next sender')
      syslog.close()
      await until(() => received() + syslog.dropped >= given, 'the last message')
      // The kernel may have killed it between sending a message and saying so.
      const twice = received() + syslog.dropped - given
      assert.ok(twice === 0 || twice === 1, `${received()} received, ${syslog.dropped} dropped of ${given}`)
    } finally {
      syslog.kill()
      receiver.kill()
    }
  })

  it('that takes nothing costs bounded memory and counted lines, never a wait', () => {
    const syslog = new Syslog(['sleep', '60'])
    try {
      const lines = Array.from({ length: 1000 }, () => 'x'.repeat(1000))
      for (let i = 0; i < 20; i++) syslog.send(lines)
      assert.ok(syslog.dropped >= 14_000 && syslog.dropped < 20_000, String(syslog.dropped))
    } finally {
      syslog.kill()
    }
  })

  it('that is not installed drops and counts, and nothing breaks', async () => {
    const syslog = new Syslog(['/nonexistent/logger'])
    syslog.send(['a'])
    await until(() => {
      syslog.send(['b'])
      return syslog.dropped > 0
    }, 'a dropped line')
    syslog.close()
  })
})
