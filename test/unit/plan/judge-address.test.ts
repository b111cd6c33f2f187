import assert from 'node:assert/strict'
import { holds, maskAddress, parseAddress } from '../../../src/base/address.ts'
import { compilePlan, judgeAddress, SPECIAL_PURPOSE } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { settingsWith } from './settings.ts'

const planOf = (document: object, own: string[] = []) =>
  compilePlan(parsePolicy(Buffer.from(JSON.stringify({ version: 1, ...document }))).policy, settingsWith(own))

const judge = (plan: ReturnType<typeof planOf>, address: string) => judgeAddress(plan, 0, parseAddress(address)!).reason

describe('addresses that a name may open', () => {
  const plain = planOf({})

  it('are ordinary addresses of both families', () => {
    for (const address of [
      '1.1.1.1',
      '8.8.8.8',
      '223.255.255.255',
      '100.63.255.255',
      '100.128.0.1',
      '172.32.0.1',
      '192.0.1.1',
      '198.20.0.1',
    ]) {
      assert.equal(judge(plain, address), 'allow.name', address)
    }
    for (const address of [
      '2606:4700::1111',
      '2a00::1',
      '2001:200::1',
      '2003::1',
      '3ffe::1',
      '64:ff9b::808:808',
      '2002:808:808::1',
    ]) {
      assert.equal(judge(plain, address), 'allow.name', address)
    }
  })

  it('are not special-purpose ones, at the first and at the last of each block', () => {
    for (const block of SPECIAL_PURPOSE) {
      const last = block.bytes.map((octet, i) => octet | (0xff >> Math.min(8, Math.max(0, block.length - i * 8))))
      for (const bytes of [block.bytes, last]) {
        if (holds({ family: 6, bytes: parseAddress('64:ff9b::')!, length: 96 }, bytes)) continue
        assert.deepEqual(judgeAddress(plain, 0, bytes), { pinnable: false, reason: 'dns.rebind' }, `${bytes}`)
      }
    }
  })

  it('are none of the registries that IANA keeps', () => {
    const registered = [
      '0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.2',
      '192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255',
      ':: ::1 ::ffff:8.8.8.8 64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 5f00::1 fc00::1 fdff::1',
      'fe80::1 fec0::1 ff02::1 ::8.8.8.8 400::1 1000::1 4000::1 8000::1 e000::1 fe00::1',
    ].flatMap((line) => line.split(' '))
    for (const address of registered) assert.equal(judge(plain, address), 'dns.rebind', address)
  })

  it('are judged by the IPv4 address inside as well', () => {
    for (const address of [
      '64:ff9b::a00:1',
      '64:ff9b::a9fe:a9fe',
      '2002:7f00:1::1',
      '2002:a9fe:a9fe::1',
      '2001:0:808:808::',
    ]) {
      assert.equal(judge(plain, address), 'dns.rebind', address)
    }
    const denying = planOf({ deny: { ips: ['8.8.8.0/24'] } })
    for (const address of [
      '8.8.8.8',
      '64:ff9b::808:808',
      '2002:808:808::1',
      '::ffff:8.8.8.8',
      '2001:0:808:808::1',
      '2001::f7f7:f7f7',
    ]) {
      assert.equal(judge(denying, address), 'net.denied', address)
    }
  })

  it('are not the own, on-link and client addresses, public ones too', () => {
    const plan = planOf({}, ['45.0.0.0/24', '2a00:1::/64'])
    for (const address of ['45.0.0.1', '2a00:1::5', '64:ff9b::2d00:1', '2002:2d00:1::1'])
      assert.equal(judge(plan, address), 'dns.rebind', address)
    for (const address of ['45.0.1.1', '2a00:1:0:1::5']) assert.equal(judge(plan, address), 'allow.name', address)
  })

  it('are listed prefixes, whatever they are, unless denied', () => {
    const plan = planOf(
      { allow: { ips: ['10.1.0.0/16', 'fd00:1::/32', '45.0.0.0/25'] }, deny: { ips: ['10.1.1.0/24'] } },
      ['45.0.0.0/24'],
    )
    for (const address of ['10.1.0.1', 'fd00:1::1', '45.0.0.1', '64:ff9b::a01:1'])
      assert.equal(judge(plan, address), 'allow.name', address)
    for (const address of ['10.1.1.1', '64:ff9b::a01:101']) assert.equal(judge(plan, address), 'net.denied', address)
    for (const address of ['10.2.0.1', '45.0.0.128', '::ffff:10.1.0.1'])
      assert.equal(judge(plan, address), 'dns.rebind', address)
  })

  it('have 4 or 16 octets', () => {
    for (const length of [0, 3, 5, 15, 17]) assert.equal(judgeAddress(plain, 0, new Uint8Array(length)).pinnable, false)
  })
})

describe('the list of special-purpose prefixes', () => {
  it('holds prefixes without host bits that do not overlap', () => {
    for (const one of SPECIAL_PURPOSE) {
      assert.deepEqual(maskAddress(one.bytes, one.length), one.bytes)
      for (const other of SPECIAL_PURPOSE)
        assert.ok(one === other || !holds(one, other.bytes), `${one.use} and ${other.use}`)
    }
  })
})
