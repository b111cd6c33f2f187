import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { withRndc } from '../../../src/dns/index.ts'
import { CLASS_IN, type ResourceRecord, TYPE } from '../../../src/dns/message/index.ts'
import { planOf } from '../../unit/dns/fixture-plan.ts'
import { DnsRig } from '../support/dns/rig.ts'
import { addressRecord, openWorld } from '../support/dns/stand-in-pinner.ts'

const LONG = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`
const LONG_PARENT = `${'e'.repeat(63)}.${'f'.repeat(63)}.${'g'.repeat(61)}`

const POLICY = {
  allow: [
    'foo.test',
    '*.foo.test',
    'a.b.foo.test',
    '*.only.example',
    'apex.example',
    '_dmarc.under_score.example',
    '*.deny.example',
    '2.0.192.in-addr.arpa',
    LONG,
    `*.${LONG_PARENT}`,
  ],
  deny: ['*.ads.foo.test', 'a.b.ads.foo.test', 'bad.deny.example', '*.worse.deny.example'],
}
const EVIL = [
  'www.evil.test',
  'evil.test',
  'test',
  'edge.cdn.example',
  'only.example',
  'x.apex.example',
  'com',
  'localhost',
  '1.2.0.192.in-addr.arpa',
]
const TYPES = [1, 28, 255, 65, 64, 16, 15, 2, 6, 33, 43, 48, 257, 10, 65280, 12]

const rrsig = (name: string, type: number): ResourceRecord => {
  const data = Buffer.alloc(18 + 1 + 64)
  data.writeUInt16BE(type, 0)
  data[2] = 13
  data.writeUInt32BE(300, 4)
  data.writeUInt32BE(0x7f000000, 8)
  return { name, type: TYPE.RRSIG, class: CLASS_IN, ttl: 300, data: { kind: 'opaque', data } }
}

describe('named with our configuration and zones', () => {
  let rig: DnsRig
  before(async () => {
    rig = await DnsRig.open()
    await rig.start(planOf(POLICY))
  })
  after(() => rig.close())
  beforeEach(() => {
    rig.pinner.asked.length = 0
    rig.pinner.reply = openWorld
  })

  it('denies every name beside, above and below listed ones, because the deny wildcard stands in a zone of its own', async () => {
    for (const name of EVIL) assert.equal(await rig.result(name), 'NXDOMAIN', name)
    for (const name of ['foo.test', 'x.foo.test', 'apex.example', 'y.x.only.example'])
      assert.equal(await rig.result(name), 'NOERROR 1', name)
  })

  it('passes all that a wildcard covers although a name below it is listed too', async () => {
    for (const name of ['a.b.foo.test', 'b.foo.test', 'x.b.foo.test', 'x.a.b.foo.test'])
      assert.equal(await rig.result(name), 'NOERROR 1', name)
  })

  it('denies all that a denied wildcard covers although a name below it is denied too', async () => {
    for (const name of [
      'x.ads.foo.test',
      'b.ads.foo.test',
      'a.b.ads.foo.test',
      'x.b.ads.foo.test',
      'bad.deny.example',
      'x.worse.deny.example',
    ])
      assert.equal(await rig.result(name), 'NXDOMAIN', name)
    for (const name of ['ads.foo.test', 'good.deny.example', 'x.bad.deny.example', 'worse.deny.example'])
      assert.equal(await rig.result(name), 'NOERROR 1', name)
  })

  it('never asks upstream about a denied name, of whatever type and with whatever flags', async () => {
    for (const name of EVIL)
      for (const type of TYPES)
        for (const how of [{}, { dnssec: true, checkingDisabled: true }, { recursion: false }])
          assert.equal(await rig.result(name, type, how), 'NXDOMAIN', `${name} ${type}`)
    assert.deepEqual(rig.pinner.names(), [])
  })

  it('denies a signed name also to those who ask for signatures', async () => {
    rig.pinner.reply = (name, type) => ({ answers: [addressRecord(name, [203, 0, 113, 66]), rrsig(name, type)] })
    for (const how of [{}, { dnssec: true }, { dnssec: true, checkingDisabled: true }])
      assert.equal(await rig.result('www.signed.example', 1, how), 'NXDOMAIN')
    assert.deepEqual(rig.pinner.names(), [])
    assert.equal(await rig.result('www.foo.test', 1, { dnssec: true }), 'NOERROR 2')
  })

  it('says who denied: the deny zone’s SOA in the additional section, and nothing to cache in authority', async () => {
    const answer = (await rig.ask('www.evil.test'))!
    assert.deepEqual(
      answer.additionals.map(({ name, type }) => [name, type]),
      [['d', TYPE.SOA]],
    )
    assert.deepEqual(answer.authorities, [])
  })

  it('keeps its version, host name and authors to itself', async () => {
    for (const name of ['version.bind', 'hostname.bind', 'authors.bind', 'id.server']) {
      const text = execFileSync('dig', ['+tries=1', '+time=2', '-p', '5053', '@127.0.0.1', name, 'CH', 'TXT'], {
        encoding: 'utf8',
      })
      assert.match(text, /status: (REFUSED|NOERROR).*ANSWER: 0,/s, text)
    }
  })

  it('answers names with underscores, and names of 253 octets by name and by wildcard', async () => {
    assert.equal(LONG.length, 253)
    assert.equal(await rig.result('_dmarc.under_score.example', TYPE.TXT), 'NOERROR 0')
    assert.equal(await rig.result(LONG), 'NOERROR 1')
    assert.equal(await rig.result(`${'x'.repeat(63)}.${LONG_PARENT}`), 'NOERROR 1')
    assert.equal(await rig.result(`${'x'.repeat(63)}.${LONG_PARENT.slice(1)}`), 'NXDOMAIN')
    assert.equal(
      await rig.result(`${'z'.repeat(61)}.${LONG.slice(64)}`.slice(0, 253)),
      'NOERROR 1',
      'left to the pinner',
    )
    assert.equal(await rig.result(LONG.replaceAll('d', 'e')), 'NXDOMAIN')
  })

  it('does not hand out the policy zones themselves', async () => {
    for (const zone of ['g', 'r', 'o', 'b', 'd']) {
      for (const type of [TYPE.SOA, TYPE.NS, TYPE.A]) assert.match(await rig.result(zone, type), /^(NXDOMAIN|REFUSED)$/)
      assert.match(await rig.result(`foo.test.${zone}`, TYPE.CNAME), /^(NXDOMAIN|REFUSED)$/)
    }
    const transfer = execFileSync('sh', ['-c', 'dig +tries=1 -p 5053 @127.0.0.1 b AXFR; true'], { encoding: 'utf8' })
    assert.match(transfer, /Transfer failed/)
  })

  it('logs each denial at once with the client and the zone, and passed names not at all', async () => {
    const file = `${rig.layout.named}/log/denials.log`
    const before = readFileSync(file, 'utf8').length
    await rig.result('logged.evil.test', 28, { from: '127.30.0.9' })
    await rig.result('x.ads.foo.test', 1, { from: '127.30.0.9' })
    await rig.result('passed.foo.test', 1, { from: '127.30.0.9' })
    const lines = readFileSync(file, 'utf8').slice(before).trim().split('\n')
    assert.equal(lines.length, 2)
    assert.match(
      lines[0]!,
      /^\d{4}-\d\d-\d\dT[\d:.]+Z rpz: info: client @0x[0-9a-f]+ 127\.30\.0\.9#\d+ \(logged\.evil\.test\): view g0: rpz QNAME NXDOMAIN rewrite logged\.evil\.test\/AAAA\/IN via logged\.evil\.test\.d$/,
    )
    assert.match(lines[1]!, /via x\.ads\.foo\.test\.r$/)
  })
})

describe('the test above about zone order', () => {
  it('would notice: with one zone that holds both, named lets the unlisted through', async () => {
    const rig = await DnsRig.open()
    try {
      await rig.start(planOf({ allow: ['foo.test'] }))
      const zone = `${rig.layout.named}/zones/g0.d`
      writeFileSync(zone, `${readFileSync(zone, 'utf8')}foo.test CNAME rpz-passthru.\n`)
      await withRndc(rig.layout, (rndc) => rndc.command(['reload', 'd', 'IN', 'g0']))
      const deadline = Date.now() + 5_000
      let result = ''
      while (result !== 'NOERROR 1' && Date.now() < deadline)
        result = await rig.result(`x${Math.random().toString(36).slice(2)}.test`)
      assert.equal(result, 'NOERROR 1')
    } finally {
      await rig.close()
    }
  })
})
