import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkNamed, checkRecords, checkTargets } from '../../../src/dns/files/check.ts'
import { bindIds } from '../../../src/dns/files/ownership.ts'
import { decodeRndc, encodeRndc } from '../../../src/dns/live/rndc-message.ts'
import { type EntryLines, linesOf } from '../../../src/dns/zones/entry-lines.ts'
import { type PlannedView, planZones } from '../../../src/dns/zones/plan-zones.ts'
import { ZONES } from '../../../src/dns/zones/zone-names.ts'
import { planOf } from './fixture-plan.ts'
import { printed } from './rpz-oracle.ts'

describe('checks before a zone is used', () => {
  const view = planZones(planOf({ allow: ['a.test', '*.b.test'], deny: ['x.b.test'] })).views[0]!

  const live = { zones: '/live/zones', rootHints: '/live/root.hints' }
  const check = async (conf: (paths: string) => string, views: PlannedView[]) => {
    const folder = mkdtempSync(join(tmpdir(), 'clawgress-check-'))
    try {
      await checkNamed({ conf: conf(live.zones), live, views }, folder, bindIds())
      assert.deepEqual(readdirSync(folder), [])
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const zones = (folder: string) =>
    ZONES.map((zone) => `zone "${zone}" { type primary; file "${folder}/g0.${zone}"; };`).join('\n')
  const withBase = (lines: EntryLines): PlannedView => ({
    ...view,
    zones: { ...view.zones, b: { ...view.zones.b, lines } },
  })

  it('pass what our printer prints, and leave nothing behind', () => check(zones, [view]))

  it('refuse a misspelt target, which named would take for an alias and let the name through', () => {
    const text = printed(view.zones.b)
    checkTargets(text, 'rpz-passthru.')
    for (const wrong of ['rpz-pasthru.', 'rpz-passthru', '.', 'evil.test.'])
      assert.throws(() => checkTargets(text.replace('rpz-passthru.', wrong), 'rpz-passthru.'), /apply\.check/, wrong)
    assert.throws(() => checkTargets(`${text}$INCLUDE /etc/passwd\n`, 'rpz-passthru.'), /apply\.check/)
    assert.throws(() => checkTargets(`${text}a.test A 192.0.2.1\n`, 'rpz-passthru.'), /apply\.check/)
  })

  it('refuse anything but addresses in the zone of the gateway’s own names', () => {
    const frame = printed(view.zones.g)
    checkRecords(`${frame}why.test A 192.0.2.1\nwhy.test AAAA 2001:db8::1\n`)
    for (const wrong of [
      'why.test CNAME evil.test.',
      '$INCLUDE /etc/passwd',
      'why.test A 192.0.2.1 ; x',
      '* A 192.0.2.1',
    ])
      assert.throws(() => checkRecords(`${frame}${wrong}\n`), /apply\.check/, wrong)
  })

  it('refuse entries that named would drop or cannot hold', async () => {
    for (const entry of ['foo.test.', '.', `${'a'.repeat(64)}.test`, 'a..b', `${'a.'.repeat(127)}b`])
      await assert.rejects(check(zones, [withBase(linesOf([entry]))]), /apply\.check/, entry)
  })

  it('look at both ends of a zone that is too large to check whole', async () => {
    const many = Array.from({ length: 50_000 }, (_, i) => `n${i}.test`)
    for (const list of [
      [...many, 'foo.test.'],
      ['foo.test.', ...many],
    ])
      await assert.rejects(check(zones, [withBase(linesOf(list))]), /apply\.check/)
    await check(zones, [withBase(linesOf(many))])
  })

  it('repeat what named-checkconf says', async () => {
    const wrong = (folder: string) => `options { no-such-option yes; };\n${zones(folder)}`
    await assert.rejects(check(wrong, [view]), /unknown option 'no-such-option'.*apply\.check/)
  })
})

describe('control messages', () => {
  const secret = Buffer.alloc(32, 7)
  const message = { _ctrl: { _ser: '1', _tim: '2' }, _data: { type: 'status' } }

  it('come back as they were', () => {
    const bytes = encodeRndc(message, secret)
    assert.equal(bytes.readUInt32BE(0), bytes.length - 4)
    assert.deepEqual(decodeRndc(bytes.subarray(4), secret), message)
  })

  it('are refused when anything in them was changed or cut off, or the key is another', () => {
    const frame = encodeRndc(message, secret).subarray(4)
    for (let i = 0; i < frame.length; i++) {
      const spoilt = Buffer.from(frame)
      spoilt[i]! ^= 1
      assert.throws(() => decodeRndc(spoilt, secret), Error, `octet ${i}`)
      assert.throws(() => decodeRndc(frame.subarray(0, i), secret), Error, `length ${i}`)
    }
    assert.throws(() => decodeRndc(frame, Buffer.alloc(32)), /signature/)
  })
})
