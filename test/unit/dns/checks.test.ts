import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConf, checkTargets, checkZone } from '../../../src/dns/files/check.ts'
import { bindIds } from '../../../src/dns/files/ownership.ts'
import { decodeRndc, encodeRndc } from '../../../src/dns/live/rndc-message.ts'
import { linesOf } from '../../../src/dns/zones/entry-lines.ts'
import { type PlannedZone, planZones } from '../../../src/dns/zones/plan-zones.ts'
import { ZONES } from '../../../src/dns/zones/zone-names.ts'
import { planOf } from './fixture-plan.ts'
import { printed } from './rpz-oracle.ts'

const IDS = bindIds()

describe('checks before a zone is used', () => {
  const view = planZones(planOf({ allow: ['a.test', '*.b.test'], deny: ['x.b.test'] })).views[0]!

  it('pass what our printer prints', async () => {
    for (const name of ZONES) await checkZone(view.zones[name], 'folder', IDS)
  })

  it('refuse a misspelt target, which named would take for an alias and let the name through', () => {
    const text = printed(view.zones.b)
    checkTargets(text, 'rpz-passthru.')
    for (const wrong of ['rpz-pasthru.', 'rpz-passthru', '.', 'evil.test.'])
      assert.throws(() => checkTargets(text.replace('rpz-passthru.', wrong), 'rpz-passthru.'), /apply\.check/, wrong)
    assert.throws(() => checkTargets(`${text}$INCLUDE /etc/passwd\n`, 'rpz-passthru.'), /apply\.check/)
    assert.throws(() => checkTargets(`${text}a.test A 192.0.2.1\n`, 'rpz-passthru.'), /apply\.check/)
  })

  it('refuse entries that named-checkzone drops or cannot hold', async () => {
    const zone = (entry: string): PlannedZone => ({ ...view.zones.b, lines: linesOf([entry]) })
    for (const entry of ['foo.test.', '.', `${'a'.repeat(64)}.test`, 'a..b', `${'a.'.repeat(127)}b`])
      await assert.rejects(checkZone(zone(entry), 'folder', IDS), /apply\.check/, entry)
  })

  it('look at both ends of a zone that is too large to check whole', async () => {
    const many = Array.from({ length: 50_000 }, (_, i) => `n${i}.test`)
    const zone: PlannedZone = { ...view.zones.b, lines: linesOf([...many, 'foo.test.']) }
    await assert.rejects(checkZone(zone, 'folder', IDS), /apply\.check/)
    const began = Date.now()
    await checkZone({ ...zone, lines: linesOf(many) }, 'folder', IDS)
    assert.ok(Date.now() - began < 2_000)
  })

  it('repeat what named-checkconf says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clawgress-conf-'))
    try {
      const file = join(folder, 'named.conf')
      writeFileSync(file, 'options { no-such-option yes; };\n')
      await assert.rejects(checkConf(file), /unknown option 'no-such-option'.*apply\.check/)
    } finally {
      rmSync(folder, { recursive: true })
    }
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
