import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DecisionLog } from '../../../../src/daemon/records/outputs/decision-log.ts'
import { loggerCommand, Syslog } from '../../../../src/daemon/records/outputs/syslog.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { tempFolder } from '../temp-folder.ts'

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

  it('ends half a line that a killed writer has left, which would swallow the next record, and counts it', () => {
    const path = join(folder(), 'torn.jsonl')
    writeFileSync(path, 'one\n{"half":')
    const log = new DecisionLog(path)
    log.write(['two'])
    log.write(['three'])
    log.close()
    log.write(['four'])
    log.close()
    assert.deepEqual(linesOf(path), ['one', '{"half":', 'two', 'three', 'four'])
    assert.equal(log.torn, 1)
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

describe('syslog', () => {
  it('gets long records whole, through logger', async () => {
    const received: string[] = []
    const server = createSocket('udp6').on('message', (message) => received.push(message.toString()))
    await new Promise<void>((resolve) => server.bind(0, '::1', resolve))
    const target = ['--server', '::1', '--port', String((server.address() as AddressInfo).port), '--udp', '--rfc3164']
    const syslog = new Syslog([...loggerCommand('local3'), ...target])
    try {
      const long = `{"name":"${'y'.repeat(3000)}"}`
      syslog.send(['{"a":1}', long])
      await until('two messages', 15_000, () => received.length === 2)
      assert.match(received[0]!, /^<158>.* clawgress: \{"a":1\}$/)
      assert.ok(received[1]!.endsWith(long))
      assert.equal(syslog.dropped, 0)
    } finally {
      syslog.close()
      server.close()
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
    await until('a dropped line', 15_000, () => {
      syslog.send(['b'])
      return syslog.dropped > 0
    })
    syslog.close()
  })
})
