import { type AddressBytes, type Family, maskAddress, type Prefix, parseAddress } from '../../base/address.ts'
import { ENDPOINTS } from '../../base/endpoints.ts'
import type { ErrorCode } from '../../base/error-catalogue.ts'
import { fail } from '../../base/errors.ts'
import { runProgram } from '../../base/run-program.ts'
import { settleAll } from '../../base/settle.ts'
import { hasFlowtables, untrackedFamilies } from '../../firewall/index.ts'
import type { Untracked } from '../../services/index.ts'
import { type Listener, readSockets } from './sockets.ts'

const DNS_PORT = 53
const TIMEOUT_MS = 10_000

export interface NetworkInterface {
  readonly name: string
  readonly addresses: readonly { readonly address: AddressBytes; readonly prefix: Prefix; readonly scope: string }[]
  /** The device that the interface is part of: packets then enter the router through that one. */
  readonly master?: { readonly name: string; readonly kind: 'vrf' | 'bridge' | 'bond' | 'other' }
  /** The device that the interface lies on, such as eth1 for the VLAN eth1.10. */
  readonly lower?: string
}

/** What `verify` must know of the router beside the configuration. */
export interface SystemFacts {
  readonly interfaces: readonly NetworkInterface[]
  readonly listeners: readonly Listener[]
  /** Interfaces that a default route leads out of. */
  readonly uplinks: readonly string[]
  /** Local addresses of open TCP connections to this router, one for each. */
  readonly connectionsToUs: readonly string[]
  readonly flowtableDevices: readonly string[]
  readonly untracked: readonly Untracked[]
}

/** Reads the facts of this network namespace; changes nothing. */
export async function readSystemFacts(): Promise<SystemFacts> {
  const [interfaces, uplinks, flowtableDevices, { sockets, families }] = await settleAll([
    readInterfaces(),
    readUplinks(),
    readFlowtables(),
    // While the programs run.
    lookAtKernel(),
  ])
  // Not as `lookForUntracked` finds them, which leaves out interfaces whose cable is not plugged in yet.
  const untracked = families.map((family) => ({ family, interfaces: interfacesWith(family, interfaces) }))
  return { interfaces, uplinks, ...sockets, flowtableDevices, untracked }
}

/** Asynchronous for its failures alone: they must not leave those of the programs unheard, which would end the process. */
async function lookAtKernel() {
  const ports = [DNS_PORT, ENDPOINTS.namedPort, ENDPOINTS.whyPort, ENDPOINTS.whyTlsPort]
  return { sockets: readSockets(ports, NOT_CLIENTS), families: untrackedFamilies() }
}

const interfacesWith = (family: Family, interfaces: readonly NetworkInterface[]): string[] =>
  interfaces.flatMap(({ name, addresses }) =>
    addresses.some(({ prefix, scope }) => prefix.family === family && scope !== 'link') ? name : [],
  )

/** Ports that the gateway's own programs connect to. */
const NOT_CLIENTS = [ENDPOINTS.namedPort]

/** What a program prints about the router. Throws ClawgressError with `code` where it does not come to a good end. */
async function output(code: ErrorCode, program: string, ...words: string[]): Promise<string> {
  const ended = await runProgram(program, words, { timeoutMs: TIMEOUT_MS }).catch(
    ({ code }: NodeJS.ErrnoException) => ({
      exitCode: undefined,
      stdout: '',
      stderr: `it cannot be started (${code})`,
    }),
  )
  if (ended.exitCode === 0) return ended.stdout
  const stopped = `it was stopped before it came to its end, for which it has ${TIMEOUT_MS / 1000} s`
  const silent = ended.exitCode === undefined ? stopped : `it ended with status ${ended.exitCode}`
  const why = ended.stderr.trim().replace(/\.$/, '').slice(0, 500) || silent
  const command = [program, ...words].join(' ')
  return fail(
    code,
    `"${command}" does not tell the state of the network: ${why}. Run it as root to see what is wrong, and try again.`,
  )
}

const ip = (...words: string[]) => output('system.unreachable', 'ip', ...words)

interface IpAddressJson {
  ifname: string
  linkinfo?: { info_kind?: string; info_slave_kind?: string }
  master?: string
  link?: string | null
  addr_info?: { local?: string; prefixlen?: number; scope?: string }[]
}

async function readInterfaces(): Promise<NetworkInterface[]> {
  const links = JSON.parse(await ip('-j', '-d', 'address', 'show')) as IpAddressJson[]
  return links.map((link) => ({
    name: link.ifname,
    addresses: (link.addr_info ?? []).flatMap(({ local, prefixlen, scope }) => {
      const address = local === undefined ? undefined : parseAddress(local)
      if (address === undefined || prefixlen === undefined) return []
      const prefix: Prefix = {
        family: address.length === 4 ? 4 : 6,
        bytes: maskAddress(address, prefixlen),
        length: prefixlen,
      }
      return [{ address, prefix, scope: scope ?? 'global' }]
    }),
    ...(link.master === undefined
      ? {}
      : { master: { name: link.master, kind: kindOf(link.linkinfo?.info_slave_kind) } }),
    ...(typeof link.link === 'string' && STACKED.has(link.linkinfo?.info_kind ?? '') ? { lower: link.link } : {}),
  }))
}

/** Kinds of ip-link(8) whose packets enter the router through themselves, not through the device below. */
const STACKED = new Set(['vlan', 'macvlan', 'ipvlan'])

const kindOf = (slave: string | undefined) =>
  slave === 'vrf' || slave === 'bridge' || slave === 'bond' ? slave : ('other' as const)

interface IpRouteJson {
  dev?: string
  /** Of a route over several gateways, in place of `dev`. */
  nexthops?: { dev?: string }[]
}

async function readUplinks(): Promise<string[]> {
  const lists = await settleAll(['-4', '-6'].map((family) => ip(family, '-j', 'route', 'show', 'default')))
  const routes = lists.flatMap((text) => JSON.parse(text.trim() === '' ? '[]' : text) as IpRouteJson[])
  return [
    ...new Set(routes.flatMap(({ dev, nexthops = [] }) => [{ dev }, ...nexthops].flatMap(({ dev }) => dev ?? []))),
  ]
}

async function readFlowtables(): Promise<string[]> {
  if (!hasFlowtables()) return []
  // Terse: no elements, so large sets cost nothing (facts: nftables A4).
  return flowtableDevices(await output('apply.kernel', 'nft', '-t', 'list', 'flowtables'))
}

/** From the output of `nft list flowtables`. */
export function flowtableDevices(listing: string): string[] {
  const lists = [...listing.matchAll(/devices = \{([^}]*)\}/g)].map((match) => match[1]!.replaceAll(/[\s"]/g, ''))
  return [...new Set(lists.flatMap((list) => list.split(',')).filter((device) => device !== ''))]
}
