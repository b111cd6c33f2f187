import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  compareBytes,
  formatAddress,
  holds,
  maskAddress,
  type Prefix,
  parseAddress,
} from '../../../src/base/address.ts'
import { synSegment } from '../../../src/firewall/flows/syn-segment.ts'
import { parseMarker, withMarker } from '../../../src/firewall/ruleset/live-marker.ts'
import { markField } from '../../../src/firewall/ruleset/mark-field.ts'
import { portMatches } from '../../../src/firewall/ruleset/ports.ts'
import { disjointRanges, formatRange } from '../../../src/firewall/ruleset/source-ranges.ts'
import { prefixes } from '../../e2e/support/firewall-plan.ts'

describe('ranges of nested prefixes', () => {
  const entry = (text: string) => ({ prefix: prefixes(text)[0]!, value: text })

  it('do not overlap, and the longest prefix wins', () => {
    const entries = ['10.0.0.0/8', '10.20.0.0/16', '10.20.30.0/24', '10.255.255.255/32', '192.0.2.0/24'].map(entry)
    assert.deepEqual(
      disjointRanges(entries, 4).map((range) => `${formatRange(range)} ${range.value}`),
      [
        '10.0.0.0-10.19.255.255 10.0.0.0/8',
        '10.20.0.0-10.20.29.255 10.20.0.0/16',
        '10.20.30.0-10.20.30.255 10.20.30.0/24',
        '10.20.31.0-10.20.255.255 10.20.0.0/16',
        '10.21.0.0-10.255.255.254 10.0.0.0/8',
        '10.255.255.255 10.255.255.255/32',
        '192.0.2.0-192.0.2.255 192.0.2.0/24',
      ],
    )
  })

  it('reach to the last address of a family', () => {
    assert.deepEqual(
      disjointRanges([entry('::/0'), entry('ffff::/16')], 6).map((range) => `${formatRange(range)} ${range.value}`),
      ['::-fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::/0', 'ffff::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff::/16'],
    )
  })

  it('say for every address what the longest matching prefix says', () => {
    const octets = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => bytes.map((octet) => octet & 0x83))
    const prefix = fc.tuple(octets, fc.integer({ min: 0, max: 32 })).map(([bytes, length]): Prefix => {
      return { family: 4, bytes: maskAddress(bytes, length), length }
    })
    const distinct = fc.uniqueArray(prefix, { selector: (one) => `${one.bytes}/${one.length}`, maxLength: 20 })
    fc.assert(
      fc.property(distinct, fc.array(octets, { maxLength: 30 }), (list, addresses) => {
        const ranges = disjointRanges(
          list.map((one) => ({ prefix: one, value: one })),
          4,
        )
        for (let i = 1; i < ranges.length; i++) assert.ok(compareBytes(ranges[i - 1]!.last, ranges[i]!.first) < 0)
        for (const address of addresses) {
          const longest = list.filter((one) => holds(one, address)).sort((a, b) => b.length - a.length)[0]
          const found = ranges.find(
            (range) => compareBytes(range.first, address) <= 0 && compareBytes(address, range.last) <= 0,
          )
          assert.equal(found?.value, longest, formatAddress(address))
        }
      }),
    )
  })
})

describe('the mark field', () => {
  it('takes any run of at least three bits', () => {
    const field = markField(0xfff00000)
    assert.deepEqual([field.lastGeneration, field.dead, field.inbound], [4093, 4094, 4095])
    assert.equal(field.bits(1), 0x00100000)
    assert.equal(field.bits(field.inbound), 0xfff00000)
    assert.equal(field.number(0x00d4002a), 0xd)
    assert.equal(markField(7).lastGeneration, 5)
    assert.equal(markField(0xffffffff).bits(0xfffffffe), 0xfffffffe)
  })

  it('refuses fewer bits and gaps', () => {
    for (const mask of [0, 3, 0x80000000, 0xff00ff00]) assert.throws(() => markField(mask), /config\.value/)
  })
})

describe('port matches', () => {
  const cls = (tcp: [number, number][], udp: [number, number][]) => {
    const ranges = (list: [number, number][]) => list.map(([first, last]) => ({ first, last }))
    return { id: 0, key: '00000000', tcp: ranges(tcp), udp: ranges(udp) }
  }
  for (const [what, one, fresh, old] of [
    [
      'share a rule where TCP and UDP agree',
      cls([[443, 443]], [[443, 443]]),
      ['th dport 443'],
      ['meta l4proto tcp ct reply proto-src 443', 'meta l4proto udp ct reply proto-src 443'],
    ],
    [
      'join ranges that touch',
      cls(
        [
          [6, 9],
          [1, 5],
        ],
        [],
      ),
      ['tcp dport 1-9'],
      ['meta l4proto tcp ct reply proto-src 1-9'],
    ],
    ['name no ports where all are meant', cls([], [[1, 65535]]), ['meta l4proto udp'], ['meta l4proto udp']],
    [
      'leave the match out where everything is meant',
      cls([[0, 65535]], [[1, 65535]]),
      [''],
      ['meta l4proto tcp', 'meta l4proto udp'],
    ],
    ['match nothing where nothing is open', cls([], []), [], []],
  ] as const) {
    it(what, () => {
      const matches = portMatches(one)
      assert.deepEqual([matches.fresh, matches.old, matches.sets], [fresh, old, []])
    })
  }

  it('put several ports into one set that all who need them share', () => {
    const one = portMatches(
      cls(
        [
          [443, 443],
          [80, 80],
        ],
        [
          [80, 80],
          [443, 443],
        ],
      ),
    )
    const other = portMatches(
      cls(
        [],
        [
          [80, 80],
          [443, 443],
        ],
      ),
    )
    assert.deepEqual(
      one.sets.map((set) => set.elements),
      [
        ['80', '443'],
        ['80', '443'],
      ],
    )
    assert.equal(one.fresh[0], `th dport @${one.sets[0]!.name}`)
    assert.equal(other.fresh[0], `udp dport @${one.sets[0]!.name}`)
  })
})

describe('a forged SYN', () => {
  it('has right lengths, flags and checksums in both families', () => {
    for (const [from, to, header] of [
      ['192.0.2.1', '198.51.100.7', 20],
      ['2001:db8::1', '2001:db8::7', 40],
    ] as const) {
      const packet = synSegment(
        { address: parseAddress(from)!, port: 443 },
        { address: parseAddress(to)!, port: 50000 },
        Buffer.from('01020304', 'hex'),
      )
      assert.equal(packet.length, header + 20)
      assert.equal(packet[header + 13], 2)
      const pseudo = Buffer.concat([parseAddress(from)!, parseAddress(to)!, Buffer.from([0, 6, 0, 20])])
      assert.equal(sum(Buffer.concat([pseudo, packet.subarray(header)])), 0xffff)
      if (header === 20) assert.equal(sum(packet.subarray(0, 20)), 0xffff)
    }
  })

  function sum(bytes: Buffer): number {
    let total = 0
    for (let i = 0; i < bytes.length; i += 2) total += bytes.readUInt16BE(i)
    while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
    return total
  }
})

describe('the marker of a ruleset', () => {
  it('says generation, number and shape, and can be read back', () => {
    const chains = [
      { name: 'a', rules: ['goto b', 'accept'] },
      { name: 'b', rules: [] },
    ]
    const ruleset = { chains, sets: [], counters: [], limits: [] }
    const marker = withMarker(ruleset, '0123456789abcdef', 12).chains.at(-1)!
    assert.deepEqual(parseMarker(marker.name), { generation: '0123456789abcdef', mark: 12, chains: 3, uses: 3 })
    assert.deepEqual(parseMarker(withMarker(ruleset, undefined, 0).chains.at(-1)!.name), {
      mark: 0,
      chains: 3,
      uses: 3,
    })
    assert.equal(parseMarker('forward'), undefined)
  })
})
