import assert from 'node:assert/strict'
import { parseAddress } from '../../../src/base/address.ts'
import { MessageWriter } from '../../../src/firewall/netlink/message.ts'
import { addElement, deleteElement, elementMessageLength } from '../../../src/firewall/netlink/set-elements.ts'
import { PinError, PinWriter } from '../../../src/firewall/pin-writer.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { Namespace } from '../../e2e/support/netns.ts'

const v4 = (last: number) => parseAddress(`198.18.0.${last}`)!
const RULESET = `table inet clawgress {
  set four { type ipv4_addr; flags timeout; size 65536; }
  set six { type ipv6_addr; flags timeout; size 65536; }
  set tiny { type ipv4_addr; flags timeout; size 2; }
}`

describe('element messages', () => {
  it('are octet for octet what nft sends', () => {
    const writer = new MessageWriter(1024)
    addElement(writer, 'clawgress', { set: 'four', key: v4(7), timeoutMs: 60_000 }, 7, true)
    const hex = writer.buffer.subarray(0, writer.length).toString('hex')
    // The element list is as `strace nft add element …` shows it; nft adds a set id, which is optional.
    assert.equal(
      hex,
      [
        '50000000 0c0a 0504 07000000 00000000 01000000', // NEWSETELEM, request + ack + create, sequence 7, inet
        '0e000100 636c617767726573730000 00', // table clawgress
        '09000200 666f757200 000000', // set four
        '20000380 1c000180 0c000400 000000000000ea60 0c000180 08000100 c6120007', // 60 000 ms, 198.18.0.7
      ]
        .join('')
        .replaceAll(' ', ''),
    )
  })

  it('are never longer than their bound', () => {
    for (const set of ['a', 'ab', 'abc', 'abcd', 'held6_01234567_01234567']) {
      const writer = new MessageWriter(1024)
      addElement(writer, 'clawgress', { set, key: parseAddress('2001:db8::1')!, timeoutMs: 1 }, 1, true)
      assert.ok(writer.length <= elementMessageLength('clawgress', set))
      writer.reset()
      deleteElement(writer, 'clawgress', { set, key: parseAddress('2001:db8::1')! }, 1, true)
      assert.ok(writer.length <= elementMessageLength('clawgress', set))
    }
  })
})

describe('the pin writer', () => {
  let namespace: Namespace
  let pins: PinWriter
  beforeEach(() => {
    namespace = new Namespace('pins')
    namespace.run('nft', RULESET)
    pins = namespace.inside(() => new PinWriter())
  })
  afterEach(() => {
    pins.close()
    namespace.dispose()
  })
  const element = (set: string, address: string) =>
    namespace.run('nft', 'get', 'element', 'inet', 'clawgress', set, `{ ${address} }`)
  const absent = (set: string, address: string) => assert.throws(() => element(set, address), /No such file/)

  it('adds addresses of both families with their timeout', () => {
    pins.refresh([
      { set: 'four', address: v4(1), timeoutMs: 90_000 },
      { set: 'six', address: parseAddress('2001:db8:18::7')!, timeoutMs: 3_600_000 },
    ])
    assert.match(element('four', '198.18.0.1'), /timeout 1m30s expires 1m/)
    assert.match(element('six', '2001:db8:18::7'), /timeout 1h expires (59m|1h)/)
  })

  it('restarts the timeout of an address that is there, longer and shorter', () => {
    pins.refresh([{ set: 'four', address: v4(1), timeoutMs: 60_000 }])
    pins.refresh([{ set: 'four', address: v4(1), timeoutMs: 600_000 }])
    assert.match(element('four', '198.18.0.1'), /timeout 10m expires (10m|9m)/)
    pins.refresh([{ set: 'four', address: v4(1), timeoutMs: 30_000 }])
    assert.match(element('four', '198.18.0.1'), /timeout 30s expires (30s|29s)/)
  })

  it('never makes an address permanent, however short its time', async () => {
    pins.refresh([{ set: 'four', address: v4(1), timeoutMs: 0 }])
    const listed = () => namespace.run('nft', 'list', 'set', 'inet', 'clawgress', 'four')
    await until('the address is gone', 15_000, () => !listed().includes('198.18.0.1'))
  })

  it('removes addresses, and does not mind those that are gone', () => {
    pins.refresh([1, 2, 3].map((last) => ({ set: 'four', address: v4(last), timeoutMs: 60_000 })))
    pins.remove([9, 1, 8, 2].map((last) => ({ set: 'four', address: v4(last) })))
    absent('four', '198.18.0.1')
    absent('four', '198.18.0.2')
    assert.match(element('four', '198.18.0.3'), /198\.18\.0\.3/)
  })

  it('names the operations that failed and carries out the rest', () => {
    const operations = [
      { set: 'four', address: v4(1), timeoutMs: 60_000 },
      { set: 'missing', address: v4(2), timeoutMs: 60_000 },
      { set: 'tiny', address: v4(3), timeoutMs: 60_000 },
      { set: 'tiny', address: v4(4), timeoutMs: 60_000 },
      { set: 'tiny', address: v4(5), timeoutMs: 60_000 },
      { set: 'four', address: v4(6), timeoutMs: 60_000 },
    ]
    assert.throws(
      () => pins.refresh(operations),
      (error: unknown) => {
        assert.ok(error instanceof PinError)
        assert.deepEqual(error.failures, [
          { index: 1, errno: 2 },
          { index: 4, errno: 23 },
        ])
        assert.equal(error.errno, 2)
        assert.match(error.message, /set missing: the set does not exist[\s\S]*set tiny: the set is full/)
        return true
      },
    )
    for (const [set, last] of [
      ['four', 1],
      ['tiny', 3],
      ['tiny', 4],
      ['four', 6],
    ] as const)
      element(set, `198.18.0.${last}`)
    absent('tiny', '198.18.0.5')
  })

  it('refreshes an address in a set that is full', () => {
    pins.refresh([3, 4].map((last) => ({ set: 'tiny', address: v4(last), timeoutMs: 60_000 })))
    pins.refresh([{ set: 'tiny', address: v4(4), timeoutMs: 600_000 }])
    assert.match(element('tiny', '198.18.0.4'), /timeout 10m/)
  })

  it('writes more than fits one message buffer', () => {
    const operations = Array.from({ length: 5000 }, (_, index) => ({
      set: 'four',
      address: Uint8Array.of(198, 18, index >> 8, index & 255),
      timeoutMs: 60_000,
    }))
    pins.refresh(operations)
    element('four', '198.18.0.0')
    element('four', '198.18.19.135')
    pins.remove(operations)
    absent('four', '198.18.19.135')
  })

  it('fails every operation when the table is gone', () => {
    namespace.run('nft', 'delete', 'table', 'inet', 'clawgress')
    assert.throws(() => pins.refresh([{ set: 'four', address: v4(1), timeoutMs: 1000 }]), { errno: 2, index: 0 })
  })
})
