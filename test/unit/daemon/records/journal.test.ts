import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { printRecord } from '../../../../src/daemon/records/kinds/record.ts'
import type { AnyRecord } from '../../../../src/daemon/records/kinds/record-kinds.ts'
import { Journal, journalEntry } from '../../../../src/daemon/records/outputs/journal.ts'
import { SystemLog } from '../../../../src/daemon/records/outputs/system-log.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { tempFolder } from '../temp-folder.ts'

const record = (name: string) =>
  ({
    schema: 'clawgress.decision/1',
    event: 'decision',
    time: '2026-11-22T18:27:49.403Z',
    client: '10.0.0.5',
    group: 'default',
    name,
    port: 443,
    reason: 'dns.not-allowed',
  }) as AnyRecord
const printed = (records: readonly AnyRecord[]) => records.map(printRecord)

/** Stands where journald would, and prints each datagram as a line of hexadecimal. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('ready', flush=True)
while True: print(s.recv(65536).hex(), flush=True)
`

describe('the journal', () => {
  const folder = tempFolder()
  const received: Record<string, string>[] = []
  let receiver: ChildProcess

  before(async () => {
    receiver = spawn('python3', ['-c', RECEIVER, join(folder(), 'socket')], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface({ input: receiver.stdout! })
    await once(lines, 'line')
    lines.on('line', (line) => {
      const fields = Buffer.from(line, 'hex').toString('latin1').trimEnd().split('\n')
      received.push(Object.fromEntries(fields.map((field) => field.split(/=(.*)/s).slice(0, 2))))
    })
  })
  after(() => receiver.kill())

  it('gets a record with its fields, facility and all', async () => {
    const records = [record('a.example'), record('b.example')]
    const journal = new Journal(join(folder(), 'socket'))
    assert.equal(journal.send(records, printed(records), 'local6'), 2)
    await until('two entries', 15_000, () => received.length === 2)
    const { MESSAGE, ...fields } = received[1]!
    assert.deepEqual(JSON.parse(MESSAGE!), records[1])
    assert.deepEqual(fields, {
      PRIORITY: '5',
      SYSLOG_IDENTIFIER: 'clawgress',
      SYSLOG_FACILITY: '22',
      CLAWGRESS_SCHEMA: 'clawgress.decision/1',
      CLAWGRESS_EVENT: 'decision',
      CLAWGRESS_CLIENT: '10.0.0.5',
      CLAWGRESS_GROUP: 'default',
      CLAWGRESS_NAME: 'b.example',
      CLAWGRESS_PORT: '443',
      CLAWGRESS_REASON: 'dns.not-allowed',
    })
    journal.close()
  })

  it('gets no field that a name made up', () => {
    const keys = (name: string) =>
      journalEntry(record(name), printRecord(record(name)), 'local6')
        .toString('latin1')
        .split('\n')
        .map((line) => line.split('=')[0])
    const wanted = keys('a.example')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        assert.deepEqual(keys(`${name}\nMESSAGE=forged\n`), wanted)
      }),
    )
  })

  it('is passed over for syslog where it is not there', async () => {
    const file = join(folder(), 'syslog')
    const command = () => ['dd', `of=${file}`, 'status=none']
    const records = [record('a.example')]
    const log = new SystemLog(new Journal(join(folder(), 'nowhere')), command, [])
    log.send(records, printed(records))
    log.close()
    const { existsSync, readFileSync } = await import('node:fs')
    const text = () => (existsSync(file) ? readFileSync(file, 'latin1') : '')
    await until('a line of syslog', 15_000, () => text() === `${printed(records)[0]}\n`)
  })
})
