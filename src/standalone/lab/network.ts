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

/** A new cable swallows what is sent in its first moments. Do the agents reach the internet's edge by now? */
export async function carriesTraffic(lab: string): Promise<boolean> {
  const uplink = LINKS[0]!.right.at
  const tries = (['agent1', 'agent2'] as const).flatMap((node) =>
    [uplink.v4, uplink.v6].map((address) =>
      runIn(namespaceOf(lab, node), ['ping', '-n', '-c1', '-W1', address], { reject: false }),
    ),
  )
  return (await Promise.all(tries)).every(({ exitCode }) => exitCode === 0)
}

async function attach(lab: string, node: NodeName): Promise<void> {
  const ends = LINKS.flatMap(({ left, right }) => [left, right]).filter((end) => end.node === node)
  // Lost questions to neighbours are repeated soon, not after a second, so that `carriesTraffic` is not kept waiting.
  const patience = ends.flatMap(({ device }) =>
    [4, 6].map((v) => [`net.ipv${v}.neigh.${device}.retrans_time_ms`, '50']),
  )
  await sysctl(namespaceOf(lab, node), Object.fromEntries(patience))
  const commands = ends.flatMap(({ device, at }) => [
    `addr add ${at.v4}/${at.v4Length} dev ${device}`,
    `addr add ${at.v6}/${at.v6Length} dev ${device} nodad`,
    `link set ${device} up`,
  ])
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
