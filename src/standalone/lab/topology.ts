import { join } from 'node:path'
import { fail } from '../../base/errors.ts'
import { type Layout, layoutBelow } from '../../base/layout.ts'

export type NodeName = 'agent1' | 'agent2' | 'gw' | 'inet'

export const NODES = ['agent1', 'agent2', 'gw', 'inet'] as const satisfies readonly NodeName[]

/** Address of both families with the length of their on-link prefix. */
export interface Attachment {
  readonly v4: string
  readonly v4Length: number
  readonly v6: string
  readonly v6Length: number
}

/** One cable: a veth pair whose ends are created inside the two namespaces, never outside. */
export interface Link {
  readonly left: { readonly node: NodeName; readonly device: string; readonly at: Attachment }
  readonly right: { readonly node: NodeName; readonly device: string; readonly at: Attachment }
}

const net = (v4: string, v4Length: number, v6: string, v6Length: number): Attachment => ({ v4, v4Length, v6, v6Length })

/** Gateway: eth0 is the uplink, eth1 and eth2 lead to one agent each, like the interfaces of a small router. */
export const LINKS: readonly Link[] = [
  {
    left: { node: 'gw', device: 'eth0', at: net('62.10.0.2', 30, '2a0b:10::2', 64) },
    right: { node: 'inet', device: 'eth0', at: net('62.10.0.1', 30, '2a0b:10::1', 64) },
  },
  {
    left: { node: 'gw', device: 'eth1', at: net('10.77.1.1', 24, 'fd77:1::1', 64) },
    right: { node: 'agent1', device: 'eth0', at: net('10.77.1.10', 24, 'fd77:1::10', 64) },
  },
  {
    left: { node: 'gw', device: 'eth2', at: net('10.77.2.1', 24, 'fd77:2::1', 64) },
    right: { node: 'agent2', device: 'eth0', at: net('10.77.2.10', 24, 'fd77:2::10', 64) },
  },
]

export const CLIENT_INTERFACES = ['eth1', 'eth2'] as const

export const AGENTS = {
  1: { node: 'agent1', v4: '10.77.1.10', v6: 'fd77:1::10', gateway4: '10.77.1.1', gateway6: 'fd77:1::1' },
  2: { node: 'agent2', v4: '10.77.2.10', v6: 'fd77:2::10', gateway4: '10.77.2.1', gateway6: 'fd77:2::1' },
} as const

export type AgentNumber = keyof typeof AGENTS

/** Clients' networks, reached from the internet through the gateway: the lab does without address translation. */
export const CLIENT_NETWORKS = { v4: ['10.77.1.0/24', '10.77.2.0/24'], v6: ['fd77:1::/64', 'fd77:2::/64'] } as const

/** Where one lab keeps everything; all of it goes away with the lab. */
export interface LabPaths {
  readonly name: string
  /** tmpfs that holds all files of the lab except named's. */
  readonly folder: string
  /** `CLAWGRESS_ROOT` of the gateway. */
  readonly gatewayRoot: string
  /** `CLAWGRESS_NAMED_DIR` of the gateway; below /var/cache/bind, because AppArmor lets named read only there. */
  readonly gatewayNamed: string
  /** Configuration, zones and keys of the internet's name servers. */
  readonly internetNamed: string
  /** JSON lines: what the internet's servers saw. */
  readonly internetEvents: string
  readonly internetQueries: string
  readonly certificates: string
  readonly bin: string
}

export const LABS_FOLDER = '/run/clawgress-lab'
const BIND_FOLDER = '/var/cache/bind'

/** @throws ClawgressError `config.value` where the name would not fit into namespace names and paths. */
export function labPaths(name: string): LabPaths {
  if (!/^[a-z0-9]{1,12}$/.test(name)) {
    fail('config.value', `The lab's name "${name}" must be 1 to 12 lower-case letters and digits.`)
  }
  const folder = join(LABS_FOLDER, name)
  return {
    name,
    folder,
    gatewayRoot: join(folder, 'gateway'),
    gatewayNamed: join(BIND_FOLDER, `clawgress-lab-${name}`),
    internetNamed: join(BIND_FOLDER, `clawgress-lab-${name}-inet`),
    internetEvents: join(folder, 'internet', 'events.jsonl'),
    internetQueries: join(BIND_FOLDER, `clawgress-lab-${name}-inet`, 'queries.log'),
    certificates: join(folder, 'internet', 'certificates'),
    bin: join(folder, 'bin'),
  }
}

/** Name of a node's network namespace, as `ip netns` lists it. */
export const namespaceOf = (lab: string, node: NodeName): string => `cg-${lab}-${node}`

/** The gateway's layout: the same tree as on an appliance, below the lab's folder. */
export const gatewayLayout = (paths: LabPaths): Layout => layoutBelow(paths.gatewayRoot, paths.gatewayNamed)
