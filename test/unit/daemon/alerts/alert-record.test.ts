import assert from 'node:assert/strict'
import { fingerprintOf } from '../../../../src/daemon/alerts/alert.ts'
import { alertRecordOf } from '../../../../src/daemon/alerts/alert-log.ts'
import { printRecord } from '../../../../src/daemon/records/kinds/record.ts'
import { journalEntry } from '../../../../src/daemon/records/outputs/journal.ts'
import { alertRecord } from '../../../../src/services/index.ts'

const about = { event: 'client.first-denial', labels: { client: 'fd77:1::2', group: 'grüppe\u2028\u001b[31m' } }
const firing = {
  ...about,
  fingerprint: fingerprintOf(about),
  source: 'clients',
  severity: 'info',
  summary: 'A name was refused.',
  description: 'Ask for it.',
  state: 'firing',
  startsAt: '2026-11-22T11:59:00.000Z',
  syslog: true,
} as const

describe('the record of an alert', () => {
  const entry = (alert: Parameters<typeof alertRecordOf>[0]) => {
    const record = alertRecord.parse(alertRecordOf(alert, 0))
    return journalEntry(record, printRecord(record), 'local6').toString('latin1')
  }

  it('is more urgent than its end, and says which of them it is', () => {
    assert.match(entry(firing), /^PRIORITY=4$/m)
    assert.match(entry(firing), /^CLAWGRESS_STATE=firing$/m)
    const ended = entry({ ...firing, state: 'resolved', endsAt: firing.startsAt })
    assert.match(ended, /^PRIORITY=5$/m)
    assert.match(ended, /"message":"Over: A name was refused\."/)
  })

  it('is one line of printable ASCII, whatever a group is called', () => {
    assert.match(printRecord(alertRecordOf(firing, 0)), /^[\x20-\x7e]+$/)
  })

  it('is of the same alert whatever the sentences say, and in whatever order its labels stand', () => {
    const { client, group } = about.labels
    assert.equal(fingerprintOf({ ...about, labels: { group, client } }), firing.fingerprint)
    assert.notEqual(fingerprintOf({ ...about, labels: { client } }), firing.fingerprint)
    assert.notEqual(fingerprintOf({ ...about, event: 'service.down' }), firing.fingerprint)
  })
})
