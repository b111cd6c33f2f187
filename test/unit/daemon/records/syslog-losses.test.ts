import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { printRecord } from '../../../../src/daemon/records/kinds/record.ts'
import type { AnyRecord } from '../../../../src/daemon/records/kinds/record-kinds.ts'
import { Journal } from '../../../../src/daemon/records/outputs/journal.ts'
import { loggerCommand, Syslog } from '../../../../src/daemon/records/outputs/syslog.ts'
import { SystemLog } from '../../../../src/daemon/records/outputs/system-log.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { tempFolder } from '../temp-folder.ts'

/** Stands where syslog or journald would; an octet in the file for every message. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
file = open(sys.argv[2], 'ab', buffering=0)
print('ready', flush=True)
while True:
    s.recv(65536)
    file.write(b'.')
`

describe('what the log of the machine does not take', () => {
  const folder = tempFolder()
  let number = 0
  let socket: string
  let file: string
  let receiver: ChildProcess
  const close: (() => void)[] = []

  const listen = async () => {
    receiver = spawn('python3', ['-c', RECEIVER, socket, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(receiver.stdout!, 'data')
  }
  const leave = async () => {
    const gone = once(receiver, 'exit')
    receiver.kill()
    await gone
    rmSync(socket, { force: true })
  }
  const received = () => readFileSync(file).length

  beforeEach(async () => {
    const own = join(folder(), String(number++))
    mkdirSync(own)
    socket = join(own, 'socket')
    file = join(own, 'received')
    await listen()
  })
  afterEach(() => {
    for (const each of close.splice(0)) each()
    receiver.kill()
  })

  const open = () => {
    const syslog = new Syslog([...loggerCommand('local3'), '--socket', socket])
    close.push(() => syslog.kill())
    const lines = Array.from({ length: 500 }, (_, i) => `${i} ${'x'.repeat(500)}`)
    const counts = { given: 0 }
    const give = () => {
      syslog.send(lines)
      counts.given += lines.length
    }
    return { syslog, counts, give, lines: lines.length }
  }

  it('is counted when the sender is killed under load: every line was received or is missed', async () => {
    const { syslog, counts, give, lines } = open()
    give()
    await until('the first messages', 15_000, () => received() > 0)
    for (let i = 0; i < 10; i++) give()
    const pids = execFileSync('pgrep', ['--parent', String(process.pid), '--exact', 'logger'], { encoding: 'utf8' })
    process.kill(Number(pids.trim()), 'SIGKILL')
    give()
    await until('lines that died with it', 15_000, () => syslog.dropped >= lines)
    const before = received()
    await until('messages of the next sender', 15_000, () => {
      give()
      return received() > before
    })
    syslog.close()
    await until('the last message', 15_000, () => received() + syslog.dropped >= counts.given)
    // The kernel may have killed it between sending a message and saying so.
    const twice = received() + syslog.dropped - counts.given
    assert.ok(twice === 0 || twice === 1, `${received()} received, ${syslog.dropped} dropped of ${counts.given}`)
  })

  it('is counted while syslog is away, exactly', async () => {
    const { syslog, counts, give } = open()
    give()
    await until('all messages', 15_000, () => received() === counts.given)
    await leave()
    give()
    await until('messages that nobody took', 15_000, () => syslog.dropped > 0)
    const before = received()
    await listen()
    await until('messages when it is back', 15_000, () => {
      give()
      return received() > before
    })
    syslog.close()
    await until('the last message', 15_000, () => received() + syslog.dropped >= counts.given)
    assert.equal(received() + syslog.dropped, counts.given)
  })

  it('is waited for until the sender says that it has sent it or dies, and no longer than that', async () => {
    const { syslog, counts, give } = open()
    give()
    assert.equal(await syslog.settled(5_000), true)
    assert.equal(await syslog.settled(50), true, 'it was sent already')
    assert.equal(syslog.dropped, 0)
    await until('all messages', 15_000, () => received() === counts.given)
    const silent = new Syslog(['sleep', '60'])
    close.push(() => silent.kill())
    silent.send(['a'])
    assert.equal(await silent.settled(50), false)
    const settled = silent.settled(5_000)
    silent.kill()
    assert.deepEqual([await settled, silent.dropped], [true, 1])
  })

  it('goes the way of syslog while journald is away, and to journald soon after it is back', async () => {
    const { log, give, counts } = openJournal()
    give()
    await until('the first entry', 15_000, () => received() === 1)
    await leave()
    give()
    await until('a record that neither takes', 15_000, () => log.dropped === 1)
    await listen()
    await until('an entry when it is back', 15_000, () => {
      give()
      return received() > 1
    })
    await until('every record was received or is missed', 15_000, () => received() + log.dropped === counts.given)
  })

  it('is nothing on a machine that never had a log', async () => {
    await leave()
    const { log, give } = openJournal()
    for (let i = 0; i < 100; i++) give()
    log.close()
    assert.equal(log.dropped, 0)
    assert.deepEqual(children(), [])
  })

  /** Journald's socket is the receiver's; syslog's way ends in a program that takes nothing. */
  function openJournal() {
    const log = new SystemLog(new Journal(socket), () => ['false'], [socket])
    close.push(() => log.close())
    const record = { schema: 'clawgress.decision/1', event: 'decision', group: 'default' } as AnyRecord
    const counts = { given: 0 }
    const give = () => {
      log.send([record], [printRecord(record)])
      counts.given++
    }
    return { log, give, counts }
  }

  const children = (): string[] =>
    readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'false')
})
