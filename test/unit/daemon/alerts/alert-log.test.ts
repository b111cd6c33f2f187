import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AlertLog, alertRecordOf } from '../../../../src/daemon/alerts/alert-log.ts'
import { testAlert, tryLog } from '../../../../src/daemon/alerts/test-alert.ts'
import { type SyslogCommand, SystemLog } from '../../../../src/daemon/records/outputs/system-log.ts'
import { tempFolder } from '../temp-folder.ts'

describe('the log of alerts', () => {
  const folder = tempFolder()
  let log: AlertLog
  afterEach(() => log.close())

  const tried = async (command: SyslogCommand, file = join(folder(), 'alerts.jsonl'), sockets: string[] = []) => {
    log = new AlertLog(file, new SystemLog(undefined, command, sockets))
    const outcomes = await tryLog(log, () => log.write(alertRecordOf(testAlert(0), 0), true))
    return outcomes.map(({ receiver, isTaken, answer }) => [receiver, isTaken, answer])
  }

  it('has taken what syslog says that it has', async () => {
    assert.deepEqual(await tried(() => ['sed', '-u', 's/^/<140>/;w /dev/stderr']), [
      ['file', true, 'it was written'],
      ['syslog', true, 'it was handed over'],
    ])
    assert.deepEqual(log.lost, { disk: 0, syslog: 0 })
  })

  it('says that a machine without a log has none', async () => {
    assert.deepEqual((await tried(() => ['false'], undefined, [join(folder(), 'nowhere')]))[1], [
      'syslog',
      false,
      'this machine has no log',
    ])
    assert.deepEqual(log.lost, { disk: 0, syslog: 0 })
  })

  it('says what keeps it from the file, and counts what is lost', async () => {
    const file = join(folder(), 'file')
    mkdirSync(file)
    assert.deepEqual((await tried(() => ['sed', '-u', 's/^/<140>/;w /dev/stderr'], file))[0], [
      'file',
      false,
      'it cannot be written: EISDIR',
    ])
    assert.deepEqual(log.lost, { disk: 1, syslog: 0 })
  })
})
