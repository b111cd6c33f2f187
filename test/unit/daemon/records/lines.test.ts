import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { parseNamedLine } from '../../../../src/daemon/records/sources/named-line.ts'
import { parseLogPrefix, parseNflogLine } from '../../../../src/daemon/records/sources/nflog-line.ts'
import { parsePinnerLine } from '../../../../src/daemon/records/sources/pinner-line.ts'

const isClient = (name: string) => name === 'c1'
const NOW = 1_000

const packet = (fields: object) =>
  JSON.stringify({
    timestamp: '2026-11-22T20:14:16.129572',
    'oob.prefix': 'cg:g=default;r=net.not-pinned',
    'oob.time.sec': 1795378456,
    'oob.time.usec': 129572,
    'oob.in': 'c1',
    'oob.out': 'up',
    'ip.protocol': 6,
    src_port: 43210,
    dest_port: 443,
    src_ip: '10.77.0.2',
    dest_ip: '198.18.9.9',
    ...fields,
  })

describe('lines of named', () => {
  const read = readFileSync('test/data/daemon/named-denials.txt', 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => parseNamedLine(line, NOW))

  it('become denials with client, lower-case name and type', () => {
    const { time, ...first } = read[0]!
    assert.deepEqual(first, {
      source: 'named',
      client: '10.77.0.2',
      clientPort: 46913,
      name: 'v1.evil.test',
      queryType: 'A',
    })
    assert.equal(time, new Date(2026, 10, 22, 18, 27, 49, 403).getTime())
    assert.equal(read[1]?.client, 'fd77:1::2')
  })

  it('keep named’s escapes, slashes and unknown types', () => {
    assert.equal(read[3]?.name, 'a\\032b/c\\(\\"\\010\\195\\188.test')
    assert.equal(read[3]?.queryType, 'TYPE65280')
  })

  it('are passed over for passed names, own probes and other categories', () => {
    assert.deepEqual([read[2], read[4], read[7]], [undefined, undefined, undefined])
  })

  it('are understood without views, with a redirect, in monitor mode, and with ISO time', () => {
    assert.equal(read[5]?.name, 'wild.evil.test')
    assert.equal(read[6]?.name, 'iso.evil.test')
    assert.equal(read[6]?.time, Date.parse('2026-11-22T18:27:49.409Z'))
  })
})

describe('lines of ulogd2', () => {
  it('become denials with the flow, the reason and the group of the prefix', () => {
    assert.deepEqual(parseNflogLine(packet({ 'oob.seq.local': 7 }), isClient), {
      sequence: 7,
      denial: {
        source: 'kernel',
        time: 1795378456129,
        client: '10.77.0.2',
        clientPort: 43210,
        address: '198.18.9.9',
        port: 443,
        protocol: 'tcp',
        group: 'default',
        reason: 'net.not-pinned',
      },
    })
  })

  it('of IPv6 and of protocols without ports are understood', () => {
    const v6 = parseNflogLine(
      packet({ 'ip6.nexthdr': 17, 'ip.protocol': 17, src_ip: 'FD77:1:0::2', dest_ip: '2001:db8::1' }),
      isClient,
    )
    assert.equal(v6?.denial.client, 'fd77:1::2')
    assert.equal(v6?.denial.protocol, 'udp')
    const gre = parseNflogLine(packet({ 'ip.protocol': 47, src_port: undefined, dest_port: undefined }), isClient)
    assert.equal(gre?.denial.protocol, 'gre')
    assert.equal(gre?.denial.port, undefined)
  })

  it('of a server’s packet in a revoked flow name the client, not the server, as the client', () => {
    const fields = { 'oob.in': 'up', 'oob.out': 'c1', src_ip: '198.18.9.9', dest_ip: '10.77.0.2' }
    const reply = parseNflogLine(packet({ ...fields, src_port: 443, dest_port: 43210 }), isClient)
    assert.deepEqual(
      [reply?.denial.client, reply?.denial.clientPort, reply?.denial.address, reply?.denial.port],
      ['10.77.0.2', 43210, '198.18.9.9', 443],
    )
  })

  it('without a reason of the catalogue carry none', () => {
    assert.deepEqual(parseLogPrefix('cg:g=ab12cd34;r=constructor'), { group: 'ab12cd34' })
    assert.deepEqual(parseLogPrefix(''), {})
  })
})

describe('lines of the pinner', () => {
  it('become denials with the target that decided', () => {
    const line = { t: 5, group: 0, name: 'www.a.test', type: 'A', reason: 'dns.denied', target: 'ads.b.test' }
    assert.deepEqual(parsePinnerLine(JSON.stringify(line)), {
      source: 'pinner',
      time: 5,
      group: '0',
      name: 'www.a.test',
      queryType: 'A',
      reason: 'dns.denied',
      target: 'ads.b.test',
    })
  })

  it('with an unknown reason or without a name are refused', () => {
    assert.equal(parsePinnerLine('{"t":5,"name":"a.test","reason":"x"}'), undefined)
    assert.equal(parsePinnerLine('{"t":5,"reason":"dns.denied"}'), undefined)
  })
})

it('no line of any log makes a parser throw, or lets a control character into a name, or a time that none is', () => {
  const wild = fc.oneof(
    fc.string(),
    fc.json(),
    fc.string({ unit: 'binary' }).map((name) => JSON.stringify({ t: 1, name, type: 'A', reason: 'dns.denied' })),
    fc.string({ unit: 'binary' }).map((q) => `client @0x1 10.0.0.1#1 (q): rpz QNAME NXDOMAIN rewrite ${q}/A/IN via x`),
    fc.string({ unit: 'binary' }).map((text) => packet({ 'oob.prefix': text, src_ip: text })),
    fc.double().map((t) => JSON.stringify({ t, name: 'a', type: 'A', reason: 'dns.denied' })),
    fc.maxSafeInteger().map((seconds) => packet({ 'oob.time.sec': seconds })),
  )
  fc.assert(
    fc.property(wild, (line) => {
      const denials = [parseNamedLine(line, NOW), parsePinnerLine(line), parseNflogLine(line, isClient)?.denial]
      for (const denial of denials) {
        if (denial?.name !== undefined) assert.match(denial.name, /^[\x21-\x7e]{1,1024}$/)
        if (denial !== undefined) assert.match(new Date(denial.time).toISOString(), /^\d{4}-/)
      }
    }),
    { numRuns: 2000 },
  )
})
