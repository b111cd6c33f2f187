import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { parsePrefix } from '../../../src/base/address.ts'
import { ENDPOINTS, pinnerAddress, probeAddress } from '../../../src/base/endpoints.ts'
import { applyZones } from '../../../src/dns/index.ts'
import { makeCertificates } from '../../../src/standalone/lab/internet/certificates.ts'
import { startNameServers } from '../../../src/standalone/lab/internet/name-servers.ts'
import { group, judge, type NameLists, planOf, SETTINGS } from '../../unit/dns/fixture-plan.ts'
import { DnsRig } from '../support/dns/rig.ts'
import { StandInPinner } from '../support/dns/stand-in-pinner.ts'

const prefix = (text: string) => parsePrefix(text)!

describe('views of groups', () => {
  it('serve each client by its longest prefix, whatever the order of groups, and the gateway’s probes by number', async () => {
    const rig = await DnsRig.open()
    const pinners = [await StandInPinner.start(pinnerAddress(1)), await StandInPinner.start(pinnerAddress(2))]
    try {
      const groups = [
        group(0),
        group(1, [prefix('127.20.0.0/16'), prefix('127.20.7.7/32'), prefix('0.0.0.0/0')]),
        group(2, [prefix('127.20.7.0/24'), prefix('2001:db8::/32')]),
      ]
      await rig.start(planOf([{ allow: ['zero.test'] }, { allow: ['one.test'] }, { allow: ['two.test'] }], { groups }))
      const served = async (from: string) => {
        const names = ['zero.test', 'one.test', 'two.test']
        const results = await Promise.all(names.map((name) => rig.result(name, 1, { from })))
        return names.filter((_, i) => results[i] === 'NOERROR 1').join()
      }
      assert.equal(await served('127.20.1.1'), 'one.test')
      assert.equal(await served('127.20.7.1'), 'two.test')
      assert.equal(await served('127.20.7.7'), 'one.test')
      assert.equal(await served('127.40.0.1'), 'one.test')
      for (const [id, name] of ['zero.test', 'one.test', 'two.test'].entries())
        assert.equal(await served(probeAddress(id)), name)
      assert.equal(await served('127.9.7.7'), '', 'other addresses of the probes’ network belong to nobody')
    } finally {
      for (const pinner of pinners) await pinner.stop()
      await rig.close()
    }
  })

  it('come and go with their groups, and no question of a client of another group is answered differently meanwhile', async () => {
    const rig = await DnsRig.open()
    const second = await StandInPinner.start(pinnerAddress(1))
    try {
      await rig.start(planOf({ allow: ['zero.test'] }))
      let stop = false
      const odd: string[] = []
      const flood = (async () => {
        for (let i = 0; !stop; i++) {
          const denied = await rig.result(`x${i}.evil.test`)
          const allowed = await rig.result('zero.test')
          if (denied !== 'NXDOMAIN' || allowed !== 'NOERROR 1') odd.push(`${denied} ${allowed}`)
        }
      })()
      for (let round = 0; round < 3; round++) {
        const both = planOf([{ allow: ['zero.test'] }, { allow: ['one.test'] }], {
          generation: 'b2',
          groups: [group(0), group(1, [prefix('127.20.0.0/16')])],
        })
        const applied = await rig.commit(both)
        assert.equal(applied.reconfigured, true)
        assert.equal(await rig.result('one.test', 1, { from: '127.20.0.1' }), 'NOERROR 1')
        await applyZones(rig.layout, '00000000000000aa')
        assert.equal(await rig.result('one.test', 1, { from: '127.20.0.1' }), 'NXDOMAIN')
      }
      stop = true
      await flood
      assert.deepEqual(odd, [])
    } finally {
      await second.stop()
      await rig.close()
    }
  })

  it('answer like the policy for any policy and any order of changes', async function () {
    this.timeout(120_000)
    const rig = await DnsRig.open()
    try {
      const filler = Array.from({ length: 10_500 }, (_, i) => `f${i}.filler.test`)
      await rig.start(planOf({ allow: filler }, { generation: '1' }))
      const label = fc.constantFrom('a', 'b')
      const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => `${labels.join('.')}.u`)
      const entry = fc.tuple(fc.boolean(), name).map(([wild, text]) => (wild ? `*.${text}` : text))
      const lists = fc.record({ allow: fc.array(entry, { maxLength: 6 }), deny: fc.array(entry, { maxLength: 3 }) })
      const policies: NameLists[] = fc.sample(lists, { numRuns: 25, seed: 7 })
      const universe = ['u', 'z.u', ...below('u', 4)]
      let previous = '1'
      for (const [i, policy] of policies.entries()) {
        const plan = planOf({ ...policy, allow: [...policy.allow, ...filler] }, { generation: (i + 2).toString(16) })
        await rig.commit(plan, previous)
        previous = plan.generation
        const results = await Promise.all(universe.map((asked) => rig.result(asked)))
        for (const [index, asked] of universe.entries())
          assert.equal(
            results[index],
            judge(policy, asked) ? 'NOERROR 1' : 'NXDOMAIN',
            `${asked} of ${JSON.stringify(policy)}`,
          )
      }
    } finally {
      await rig.close()
    }
  })
})

const below = (top: string, depth: number): string[] =>
  depth === 0 ? [] : ['a', 'b'].flatMap((head) => [`${head}.${top}`, ...below(`${head}.${top}`, depth - 1)])

describe('the resolver view', () => {
  const from = ENDPOINTS.resolverSource

  it('recurses from its own root hints and validates with its own trust anchor', async function () {
    this.timeout(60_000)
    const rig = await DnsRig.open()
    const folder = mkdtempSync('/var/cache/bind/clawgress-test-net-')
    chmodSync(folder, 0o755)
    try {
      const tree = await startNameServers(
        rig.namespace,
        join(folder, 'dns'),
        await makeCertificates(join(folder, 'tls')),
      )
      const files = mkdtempSync(join(tmpdir(), 'clawgress-test-'))
      const rootHints = join(files, 'root.hints')
      const trustAnchors = join(files, 'anchors')
      writeFileSync(rootHints, tree.rootHints)
      writeFileSync(trustAnchors, tree.trustAnchors)
      await rig.start(planOf({ allow: ['api.openai.com'] }, { settings: { ...SETTINGS, rootHints, trustAnchors } }))
      rmSync(files, { recursive: true })
      const signed = (await rig.ask('api.openai.com', 1, { from, dnssec: true }, 12_000))!
      assert.equal(signed.rcode, 0)
      assert.ok(signed.answers.length > 0)
      assert.equal(signed.authenticData, true)
      assert.equal(await rig.result('www.bogus.org', 1, { from }), 'SERVFAIL')
      assert.match(await rig.result('www.bogus.org', 1, { from, checkingDisabled: true }), /^NOERROR [1-9]/)
    } finally {
      await rig.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('goes to the pinner’s upstream side and nowhere else where name-servers are configured', async () => {
    const rig = await DnsRig.open()
    const upstream = await StandInPinner.start(ENDPOINTS.upstreamAddress, ENDPOINTS.upstreamPort)
    const anchors = join(mkdtempSync(join(tmpdir(), 'clawgress-test-')), 'anchors')
    writeFileSync(anchors, `. IN DS 12345 13 2 ${'ab'.repeat(32)}\n`)
    try {
      const nameServers = [{ address: '192.0.2.53', port: 53 }]
      const settings = { ...SETTINGS, nameServers, trustAnchors: anchors }
      await rig.start(planOf({ allow: ['a.test'] }, { settings }))
      assert.match(readFileSync(`${rig.layout.named}/named.conf`, 'utf8'), /static-ds 12345 13 2/)
      assert.equal(
        await rig.result('plain.test', 1, { from }),
        'SERVFAIL',
        'unsigned below a signed root: validation failed',
      )
      assert.match(await rig.result('plain.test', 1, { from, checkingDisabled: true }), /^NOERROR 1$/)
      assert.ok(upstream.names().includes('plain.test'))
    } finally {
      await upstream.stop()
      await rig.close()
    }
  })

  it('is there for the pinner alone', async () => {
    const rig = await DnsRig.open()
    try {
      await rig.start(planOf({ allow: ['a.test'] }))
      assert.equal(await rig.result('evil.test', 1, { from: '127.0.0.1' }), 'NXDOMAIN')
    } finally {
      await rig.close()
    }
  })
})
