import { INTERNET_PREFIXES, SILENT_SERVER } from './internet/addresses.ts'
import { ipBatch, runIn, sysctl } from './namespace.ts'
import { AGENTS, CLIENT_NETWORKS, LINKS, NODES, type NodeName, namespaceOf } from './topology.ts'

/** Wires the four namespaces of a lab, which must exist and be empty. */
export async function wire(lab: string): Promise<void> {
  for (const { left, right } of LINKS) {
    const peer = namespaceOf(lab, right.node)
    await ipBatch(namespaceOf(lab, left.node), [
      `link add ${left.device} type veth peer name ${right.device} netns ${peer}`,
    ])
  }
  await Promise.all(NODES.map((node) => attach(lab, node)))
  await Promise.all([
    sysctl(namespaceOf(lab, 'gw'), { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' }),
    prepareInternet(namespaceOf(lab, 'inet')),
  ])
}

async function attach(lab: string, node: NodeName): Promise<void> {
  const commands: string[] = []
  for (const { left, right } of LINKS) {
    for (const end of [left, right]) {
      if (end.node !== node) continue
      commands.push(
        `addr add ${end.at.v4}/${end.at.v4Length} dev ${end.device}`,
        `addr add ${end.at.v6}/${end.at.v6Length} dev ${end.device} nodad`,
        `link set ${end.device} up`,
      )
    }
  }
  await ipBatch(namespaceOf(lab, node), [...commands, ...routes(node)])
}

function routes(node: NodeName): string[] {
  const uplink = LINKS[0]!
  if (node === 'gw') return [`route add default via ${uplink.right.at.v4}`, `route add ::/0 via ${uplink.right.at.v6}`]
  if (node === 'inet') {
    return [
      ...CLIENT_NETWORKS.v4.map((prefix) => `route add ${prefix} via ${uplink.left.at.v4}`),
      ...CLIENT_NETWORKS.v6.map((prefix) => `route add ${prefix} via ${uplink.left.at.v6}`),
    ]
  }
  const agent = node === 'agent1' ? AGENTS[1] : AGENTS[2]
  return [`route add default via ${agent.gateway4}`, `route add ::/0 via ${agent.gateway6}`]
}

/**
 * Makes every address of the internet's prefixes local (a `local` route claims a whole prefix), and counts each packet
 * that comes from the gateway by source, destination and port: a leak is seen even where no server listens.
 */
async function prepareInternet(namespace: string): Promise<void> {
  await sysctl(namespace, { 'net.ipv6.ip_nonlocal_bind': '1', 'net.ipv4.ip_nonlocal_bind': '1' })
  await ipBatch(namespace, [
    ...INTERNET_PREFIXES.v4.map((prefix) => `route add local ${prefix} dev lo`),
    ...INTERNET_PREFIXES.v6.map((prefix) => `route add local ${prefix} dev lo`),
  ])
  await runIn(namespace, ['nft', '-f', '-'], { input: WITNESS })
}

const WITNESS = `table inet witness {
  set seen4 { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags dynamic; size 65535; counter; }
  set seen6 { type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags dynamic; size 65535; counter; }
  set other4 { type ipv4_addr . ipv4_addr . inet_proto; flags dynamic; size 65535; counter; }
  set other6 { type ipv6_addr . ipv6_addr . inet_proto; flags dynamic; size 65535; counter; }
  chain arrivals {
    type filter hook prerouting priority raw; policy accept;
    iifname != "eth0" accept
    meta l4proto { tcp, udp } meta nfproto ipv4 update @seen4 { ip saddr . ip daddr . meta l4proto . th dport }
    meta l4proto { tcp, udp } meta nfproto ipv6 update @seen6 { ip6 saddr . ip6 daddr . meta l4proto . th dport }
    meta l4proto != { tcp, udp } meta nfproto ipv4 update @other4 { ip saddr . ip daddr . meta l4proto }
    meta l4proto != { tcp, udp, icmpv6 } meta nfproto ipv6 update @other6 { ip6 saddr . ip6 daddr . meta l4proto }
    ip daddr ${SILENT_SERVER.v4} drop
    ip6 daddr ${SILENT_SERVER.v6} drop
  }
}
`
