import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { untrackedFamilies } from '../../../src/firewall/index.ts'
import { Namespace } from '../support/netns.ts'

interface Reasons {
  readonly firewall?: boolean
  readonly nat?: boolean
  readonly wanLoadBalancing?: boolean
  readonly ignore?: string
}

/** As VyOS lays it out: what asks for tracking makes the chain of its own accept. */
const vyosTable = (family: 'ip' | 'ip6', { firewall, nat, wanLoadBalancing, ignore = '' }: Reasons = {}): string => {
  const action = (asked: boolean | undefined) => (asked ? 'accept' : 'return')
  const wan = family === 'ip' ? 'counter jump WLB_CONNTRACK' : ''
  return `table ${family} vyos_conntrack {
    chain VYOS_CT_IGNORE { ${ignore}return; }
    chain FW_CONNTRACK { ${action(firewall)}; }
    chain NAT_CONNTRACK { ${action(nat)}; }
    chain WLB_CONNTRACK { ${action(wanLoadBalancing)}; }
    chain PREROUTING {
      type filter hook prerouting priority -300; policy accept;
      counter jump VYOS_CT_IGNORE
      counter jump FW_CONNTRACK
      counter jump NAT_CONNTRACK
      ${wan}
      notrack
    }
  }\n`
}
const both = (reasons?: Reasons) => vyosTable('ip', reasons) + vyosTable('ip6', reasons)
const chain = (rules: string, priority = 'raw') =>
  `table inet other {
    counter packets_in { }
    quota first_ones { 1 mbytes }
    chain sub { ip saddr 10.0.0.1 accept; }
    chain counted { counter; }
    chain out { udp dport 53 notrack; }
    chain early { type filter hook prerouting priority ${priority}; ${rules}; }
  }`

describe('families that are kept out of connection tracking', () => {
  const cases: readonly (readonly [where: string, ruleset: string, families: readonly number[]])[] = [
    ['there is no ruleset', '', []],
    ['nothing on VyOS asks for tracking', both(), [4, 6]],
    ['a state policy does', both({ firewall: true }), []],
    ['NAT of IPv4 alone does', vyosTable('ip', { nat: true }) + vyosTable('ip6'), [6]],
    ['NAT of IPv6 alone does', vyosTable('ip') + vyosTable('ip6', { nat: true }), [4]],
    ['load balancing over uplinks alone does', vyosTable('ip', { wanLoadBalancing: true }) + vyosTable('ip6'), [6]],
    ['some packets are ignored', both({ firewall: true, ignore: 'meta l4proto udp counter notrack; ' }), []],
    ['all packets are ignored', both({ firewall: true, ignore: 'counter notrack; ' }), [4, 6]],
    ['a raw rule takes all out', chain('counter notrack'), [4, 6]],
    ['a raw rule takes some out', chain('meta nfproto ipv6 notrack'), []],
    ['some packets are accepted before', chain('iifname "eth1" accept; notrack'), []],
    ['some packets are looked at before', chain('iifname "eth1" jump sub; notrack'), []],
    ['some packets are dropped before', chain('iifname "eth1" drop; notrack'), [4, 6]],
    ['a verdict map accepts some before', chain('iifname vmap { "eth1" : accept }; notrack'), []],
    ['a verdict map looks at some before', chain('iifname vmap { "eth1" : jump sub }; notrack'), []],
    [
      'some packets are only counted or taken out before',
      chain('iifname "a" jump counted; iifname "b" jump out; notrack'),
      [4, 6],
    ],
    [
      'a verdict map has some counted, dropped or taken out before',
      chain('iifname vmap { "a" : jump counted, "b" : drop, "c" : jump out }; notrack'),
      [4, 6],
    ],
    ['a verdict map sends some elsewhere', chain('iifname vmap { "a" : drop, "b" : goto counted }; notrack'), []],
    ['a raw rule marks all and takes them out', chain('meta mark set 1 notrack'), [4, 6]],
    ['a raw rule adds to the mark and takes all out', chain('meta mark set meta mark or 4 notrack'), [4, 6]],
    ['a raw rule takes out what has a mark', chain('meta mark 1 notrack'), []],
    ['a raw rule takes all out into a zone', chain('ct zone set 1 notrack'), [4, 6]],
    ['a raw rule counts all by name and takes them out', chain('counter name packets_in notrack'), [4, 6]],
    ['a raw rule takes some out up to a quota', chain('quota name first_ones notrack'), []],
    ['a raw rule takes all out and then accepts some', chain('notrack tcp dport 80 accept'), [4, 6]],
    ['tracking has begun before the rule', chain('notrack', '-150'), []],
  ]
  for (const [where, ruleset, families] of cases)
    it(`are ${families.join(' and ') || 'none'} where ${where}`, () => {
      using namespace = new Namespace('untracked')
      namespace.inside(() => execFileSync('nft', ['-f', '-'], { input: ruleset }))
      assert.deepEqual(
        namespace.inside(() => untrackedFamilies()),
        families,
      )
    })
})
