import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePrefix } from '../../../src/base/address.ts'
import { layoutBelow } from '../../../src/base/layout.ts'
import { bindIds, ensureFolders } from '../../../src/dns/files/ownership.ts'
import { inViewOrder, matchClients } from '../../../src/dns/match-clients.ts'
import { printNamedConf } from '../../../src/dns/named-conf.ts'
import { parseTrustAnchors } from '../../../src/dns/trust-anchors.ts'
import type { Plan } from '../../../src/plan/types.ts'
import { group, planOf, SETTINGS } from './fixture-plan.ts'

const LAYOUT = layoutBelow('')
const golden = (name: string) => new URL(`../../data/dns/${name}`, import.meta.url)
const prefixes = (...texts: string[]) => texts.map((text) => parsePrefix(text)!)
const ANCHORS = parseTrustAnchors(`. IN DS 12345 13 2 ${'AB'.repeat(32)}`, 'anchors')

const RECURSING = planOf({ allow: ['a.test'] })
const FORWARDING = planOf([{ allow: ['a.test'] }, { allow: [] }], {
  groups: [group(0), group(1, prefixes('10.20.0.0/24', '2001:db8:20::/64'))],
  settings: { ...SETTINGS, nameServers: [{ address: '192.0.2.53', port: 53 }], listenAddresses: ['192.0.2.1'] },
})

/** Statements of a block as named itself understood them, by the block's first line. */
function blocks(plan: Plan): { readonly global: string; readonly views: Map<string, string> } {
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-conf-'))
  try {
    const layout = layoutBelow(folder, join(folder, 'named'))
    mkdirSync(layout.named)
    ensureFolders(layout, bindIds())
    const file = join(folder, 'named.conf')
    writeFileSync(file, printNamedConf(plan, layout))
    const text = execFileSync('named-checkconf', ['-p', file], { encoding: 'utf8' })
    const [global = '', ...rest] = text.split(/^(?=view )/m)
    return { global, views: new Map(rest.map((view) => [/^view "([^"]+)"/.exec(view)![1]!, view])) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('named.conf', () => {
  it('is what was reviewed, recursing by itself', () => {
    assert.equal(printNamedConf(RECURSING, LAYOUT, ANCHORS), readFileSync(golden('named-recursing.conf'), 'utf8'))
  })

  it('is what was reviewed, with configured name-servers and two groups', () => {
    assert.equal(printNamedConf(FORWARDING, LAYOUT), readFileSync(golden('named-forwarding.conf'), 'utf8'))
  })

  it('holds in every group’s view each option that keeps answers behind the pinner', () => {
    const { views } = blocks(FORWARDING)
    assert.deepEqual([...views.keys()], ['resolver', 'g1', 'g0'])
    for (const [name, view] of views) {
      if (name === 'resolver') continue
      const pinner = name === 'g0' ? '127.53.0.1' : '127.53.0.2'
      for (const statement of [
        'forward only;',
        `127.53.0.${pinner.at(-1)} port 5301;`,
        'stale-answer-enable no;',
        'stale-cache-enable no;',
        'min-cache-ttl 0;',
        'prefetch 0;',
        'synth-from-dnssec no;',
        'minimal-responses yes;',
        'minimal-any yes;',
        'max-cache-ttl 3600;',
        'empty-zones-enable no;',
      ])
        assert.ok(view.includes(statement), `${statement} in ${name}`)
      for (const unwanted of [
        /dns64/,
        /attach-cache/,
        /forward first/,
        /type (forward|hint|static-stub|stub|secondary)/,
        /also-notify/,
      ])
        assert.doesNotMatch(view, unwanted)
      assert.equal(view.match(/type primary;/g)?.length, 5)
      assert.equal(view.match(/forwarders/g)?.length, 1)
    }
  })

  it('gives every view the same response-policy clause, whatever the policy lists and the settings are', () => {
    const clause = (plan: Plan, view: string) =>
      /response-policy \{[\s\S]*?\}[^;]*;/.exec(blocks(plan).views.get(view)!)![0]
    const other = planOf(
      { allow: ['*.b.test'], deny: ['x.b.test'] },
      { settings: { ...SETTINGS, denyAnswer: 'nodata', maxTtl: 60 } },
    )
    const all = [clause(RECURSING, 'g0'), clause(other, 'g0'), clause(FORWARDING, 'g0'), clause(FORWARDING, 'g1')]
    assert.equal(new Set(all).size, 1)
    for (const option of [
      'break-dnssec yes',
      'min-update-interval 0',
      'qname-wait-recurse no',
      'nsip-enable no',
      'nsdname-enable no',
      'recursive-only no',
    ])
      assert.ok(all[0]!.includes(option), option)
    assert.deepEqual(
      [...all[0]!.matchAll(/zone "(.)"( log no| log yes|)/g)].map(([, zone]) => zone),
      ['g', 'r', 'o', 'b', 'd'],
    )
  })

  it('does not change at all when only the policy’s names change', () => {
    assert.equal(
      printNamedConf(planOf({ allow: ['x.test'], deny: ['*.y.test'] }), LAYOUT),
      printNamedConf(RECURSING, LAYOUT),
    )
  })

  it('listens on the private port only, at both families’ addresses, and controls and counts on loopback only', () => {
    const { global } = blocks(RECURSING)
    assert.match(global, /listen-on port 5053 \{\s+127\.0\.0\.1\/32;\s+192\.0\.2\.1\/32;\s+\}/)
    assert.match(global, /listen-on-v6 port 5053 \{\s+::1\/128;\s+2001:db8::1\/128;\s+\}/)
    assert.match(global, /inet 127\.0\.0\.1 port 9953 allow \{\s+127\.0\.0\.1\/32;\s+\} keys/)
    assert.match(global, /inet 127\.0\.0\.1 port 8953 allow \{\s+127\.0\.0\.1\/32;\s+\};/)
  })

  it('is refused where a path could mean something to named', () => {
    for (const path of ['/tmp/a"b', '/tmp/a;b', '/tmp/a b', '/tmp/a\nb'])
      assert.throws(() => printNamedConf(RECURSING, layoutBelow('', path)), /config\.value/)
  })
})

describe('client match lists', () => {
  const nested = [
    group(0),
    group(1, prefixes('10.0.0.0/8', '10.1.1.0/24')),
    group(2, prefixes('10.1.0.0/16', '2001:db8::/32')),
  ]

  it('put longest prefixes first and take other groups’ longer ones out', () => {
    assert.deepEqual(matchClients(nested[1]!, nested), [
      '127.9.0.2',
      '!127.9.0.0/16',
      '10.1.1.0/24',
      '!10.1.0.0/16',
      '10.0.0.0/8',
    ])
    assert.deepEqual(matchClients(nested[2]!, nested), [
      '127.9.0.3',
      '!127.9.0.0/16',
      '2001:db8::/32',
      '!10.1.1.0/24',
      '10.1.0.0/16',
    ])
    assert.deepEqual(matchClients(nested[0]!, nested), ['127.9.0.1', '!127.9.0.0/16', 'any'])
  })

  it('stand in views with the longest prefix first and the default last', () => {
    assert.deepEqual(
      inViewOrder(nested).map(({ id }) => id),
      [2, 1, 0],
    )
  })
})

describe('trust anchor files', () => {
  const digest = 'E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D'

  it('are read as records, with comments, TTLs and spaces', () => {
    const text = `; root\n\n. 172800 IN DS 20326 8 2 ${digest.slice(0, 20)} ${digest.slice(20)} ; key\n.\tIN\tDNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexT==\n`
    assert.deepEqual(parseTrustAnchors(text, 'f'), [
      { kind: 'static-ds', numbers: [20326, 8, 2], data: digest },
      { kind: 'static-key', numbers: [257, 3, 8], data: 'AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexT==' },
    ])
  })

  it('are read as BIND’s own clause', () => {
    assert.deepEqual(
      parseTrustAnchors(
        `trust-anchors { . static-ds 20326 8 2 "${digest}"; "." initial-ds 1 8 2 "${digest}"; };\n`,
        'f',
      ),
      [
        { kind: 'static-ds', numbers: [20326, 8, 2], data: digest },
        { kind: 'initial-ds', numbers: [1, 8, 2], data: digest },
      ],
    )
  })

  it('are refused when they hold anything else, with the line', () => {
    for (const bad of [
      '',
      '; nothing',
      `example. IN DS 1 8 2 ${digest}`,
      `. IN DS 1 8 2 ${digest}0`,
      '. IN DS 1 8 2 "}; include "/etc/shadow";',
      `trust-anchors { . static-ds 1 8 2 "${digest}"; }; options { };`,
      `trust-anchors { . static-ds 1 8 2 "zz"; };`,
      `trust-anchors { . static-ds 1 8 2 "${digest}"; include "/etc/shadow"; };`,
      `. IN DS 1 8 2 ${digest}\nrubbish`,
    ])
      assert.throws(() => parseTrustAnchors(bad, 'f'), /config\.value/, bad)
    assert.throws(() => parseTrustAnchors(`. IN DS 1 8 2 ${digest}\nrubbish`, 'f'), /f:2/)
  })
})
