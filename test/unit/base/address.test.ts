import assert from 'node:assert/strict'
import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import {
  aggregate,
  clientKey,
  formatAddress,
  formatPrefix,
  holds,
  maskAddress,
  parseAddress,
  parsePrefix,
} from '../../../src/base/address.ts'

describe('addresses', () => {
  it('takes the addresses of one IPv6 client for one, which may change them as often as it likes', () => {
    assert.equal(clientKey('2001:db8:0:1:2:3:4:5'), clientKey('2001:DB8:0:1::9'))
    assert.notEqual(clientKey('2001:db8:0:1::9'), clientKey('2001:db8:0:2::9'))
    assert.notEqual(clientKey('10.0.0.1'), clientKey('10.0.0.2'))
    assert.equal(clientKey('nobody'), 'unknown')
  })

  it('are read from text as a library of its own reads them', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        fc.pre(!(text.includes(':') && text.includes('.')))
        assert.deepEqual([...parseAddress(text)!], ipaddr.parse(text).toByteArray())
      }),
      { numRuns: 2000 },
    )
  })

  it('may end in the four numbers of IPv4, which are only a way to write the last 32 bits', () => {
    for (const [text, canonical] of [
      ['::ffff:1.2.3.4', '::ffff:102:304'],
      ['::1.2.3.4', '::102:304'],
      ['64:ff9b::255.0.0.1', '64:ff9b::ff00:1'],
      ['1:2:3:4:5:6:7.8.9.10', '1:2:3:4:5:6:708:90a'],
    ]) {
      assert.deepEqual(parseAddress(text!), parseAddress(canonical!))
    }
  })

  it('keep their value through their canonical text', () => {
    const octets = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    )
    fc.assert(
      fc.property(octets, (bytes) => {
        assert.deepEqual(parseAddress(formatAddress(bytes)), Uint8Array.from(bytes))
      }),
    )
  })

  it('are nothing else', () => {
    const texts = [
      '',
      '1',
      '1.2.3',
      '1.2.3.4.5',
      '01.2.3.4',
      '1.2.3.256',
      '1.2.3.4 ',
      '0x1.2.3.4',
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
    ]
    for (const text of [...texts, '::g', '::12345', 'fe80::1%eth0', '::1.2.3', '::1.2.3.04', 'example.com', '[::1]']) {
      assert.equal(parseAddress(text), undefined, text)
    }
  })
})

describe('an IPv6 address', () => {
  it('is what Node takes for one', () => {
    const piece = fc.constantFrom(
      '1',
      '0',
      'ffff',
      'Ab',
      '0000',
      '12345',
      'g',
      '',
      ' ',
      '1.2.3.4',
      '1.2.3.256',
      '01.2.3.4',
    )
    const pieces = fc.array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom('1', 'ffff') }, piece), {
      minLength: 1,
      maxLength: 9,
    })
    const gap = fc.oneof({ weight: 5, arbitrary: fc.constant(':') }, fc.constantFrom('::', ':::', ''))
    const separators = fc.array(gap, { minLength: 10, maxLength: 10 })
    let found = 0
    const same = fc.property(pieces, separators, fc.constantFrom('', ':', '::'), (parts, between, before) => {
      const text = `${before}${parts.map((part, i) => (i === 0 ? part : `${between[i]}${part}`)).join('')}`
      fc.pre(text.includes(':'))
      assert.equal(parseAddress(text) !== undefined, isIPv6(text), text)
      if (isIPv6(text)) found++
    })
    fc.assert(same, { numRuns: 5_000 })
    assert.ok(found > 100, `only ${found} addresses among the texts`)
  })
})

describe('prefixes', () => {
  it('need a length that fits, and lose their host bits', () => {
    for (const text of ['1.2.3.4/33', '1.2.3.4/', '1.2.3.4/-1', '1.2.3.4/01', '::/129', '1.2.3.4/8/8', '/8']) {
      assert.equal(parsePrefix(text), undefined, text)
    }
    assert.equal(formatPrefix(parsePrefix('1.2.3.4/23')!), '1.2.2.0/23')
    assert.equal(parsePrefix('1.2.3.4/23')!.hostBits, true)
    assert.equal(formatPrefix(parsePrefix('2001:db8::1')!), '2001:db8::1/128')
    assert.equal(parsePrefix('::/0')!.hostBits, false)
  })

  it('hold the same addresses when they are aggregated, in as few prefixes as possible', () => {
    const small = fc.tuple(fc.nat(255), fc.integer({ min: 24, max: 32 })).map(([last, length]) => ({
      family: 4 as const,
      bytes: maskAddress(Uint8Array.of(10, 0, 0, last), length),
      length,
    }))
    fc.assert(
      fc.property(fc.array(small, { maxLength: 20 }), (prefixes) => {
        const joined = aggregate(prefixes)
        const inside = (list: typeof joined, last: number) =>
          list.filter((prefix) => holds(prefix, Uint8Array.of(10, 0, 0, last))).length
        for (let last = 0; last < 256; last++) {
          assert.equal(inside(joined, last), Math.min(1, inside(prefixes, last)))
        }
        assert.deepEqual(aggregate(joined), joined)
      }),
    )
  })
})
