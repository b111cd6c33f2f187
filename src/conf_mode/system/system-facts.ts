import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { execa } from 'execa'
import { type AddressBytes, formatAddress, maskAddress, type Prefix, parseAddress } from '../../base/address.ts'
import { ENDPOINTS } from '../../base/endpoints.ts'
import { fail } from '../../base/errors.ts'
import { lookForUntracked, type Untracked } from '../../services/index.ts'

const DNS_PORT = 53

export interface NetworkInterface {
  readonly name: string
  readonly addresses: readonly { readonly address: AddressBytes; readonly prefix: Prefix; readonly scope: string }[]
  /** The device that the interface is part of: packets then enter the router through that one. */
  readonly master?: { readonly name: string; readonly kind: 'vrf' | 'bridge' | 'bond' | 'other' }
  /** The device that the interface lies on, such as eth1 for the VLAN eth1.10. */
  readonly lower?: string
}

/** A socket that answers on a port. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp'
  /** Undefined: all addresses. */
  readonly address?: string
  readonly port: number
  /** Name of the program, where it can be known. */
  readonly program?: string
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
  const [interfaces, flowtableDevices, uplinks] = await Promise.all([
    readInterfaces(),
    readFlowtableDevices(),
    readUplinks(),
  ])
  return {
    interfaces,
    uplinks,
    listeners: readListeners([DNS_PORT, ENDPOINTS.namedPort, ENDPOINTS.whyPort, ENDPOINTS.whyTlsPort]),
    connectionsToUs: readConnections(),
    flowtableDevices,
    untracked: lookForUntracked(),
  }
}

interface IpAddressJson {
  ifname: string
  linkinfo?: { info_kind?: string; info_slave_kind?: string }
  master?: string
  link?: string | null
  addr_info?: { local?: string; prefixlen?: number; scope?: string }[]
}

async function readInterfaces(): Promise<NetworkInterface[]> {
  const { stdout } = await execa('ip', ['-j', '-d', 'address', 'show'])
  return (JSON.parse(stdout) as IpAddressJson[]).map((link) => ({
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

async function readUplinks(): Promise<string[]> {
  const routes = await Promise.all(
    ['-4', '-6'].map(async (family) => (await execa('ip', [family, '-j', 'route', 'show', 'default'])).stdout),
  )
  const devices = routes.flatMap((text) => JSON.parse(text === '' ? '[]' : text) as { dev?: string }[])
  return [...new Set(devices.flatMap(({ dev }) => dev ?? []))]
}

/** Terse listing: no elements, so large sets cost nothing (facts: nftables A4). */
async function readFlowtableDevices(): Promise<string[]> {
  const { stdout, exitCode } = await execa('nft', ['-t', 'list', 'flowtables'], { reject: false, timeout: 10_000 })
  // A kernel without flowtables has none.
  const listed = exitCode === 0 ? stdout : ''
  const devices = [...listed.matchAll(/devices = \{([^}]*)\}/g)].flatMap((match) => match[1]!.split(','))
  return devices.map((device) => device.replaceAll(/[\s"]/g, '')).filter((device) => device !== '')
}

const LISTEN = '0A'
const ESTABLISHED = '01'
const UDP_BOUND = '07'

interface Socket {
  readonly address: string | undefined
  readonly port: number
  readonly state: string
  readonly inode: string
}

function readSockets(table: string): Socket[] {
  return readTable(`/proc/self/net/${table}`).flatMap((row) => {
    const [, local, , state, , , , , , inode] = row.trim().split(/\s+/)
    const [addressHex, portHex] = (local ?? '').split(':')
    if (addressHex === undefined || portHex === undefined || state === undefined) return []
    return [{ address: fromProcHex(addressHex), port: Number.parseInt(portHex, 16), state, inode: inode ?? '' }]
  })
}

/** Connections whose local port is one that this router listens on: somebody came to us. */
function readConnections(): string[] {
  const sockets = ['tcp', 'tcp6'].flatMap(readSockets)
  const ports = new Set(sockets.filter(({ state }) => state === LISTEN).map(({ port }) => port))
  return sockets.flatMap(({ address, port, state }) =>
    state === ESTABLISHED && ports.has(port) && port !== ENDPOINTS.namedPort ? (address ?? []) : [],
  )
}

function readListeners(ports: readonly number[]): Listener[] {
  const sockets = (['tcp', 'tcp6', 'udp', 'udp6'] as const).flatMap((table) => {
    const protocol = table.startsWith('tcp') ? ('tcp' as const) : ('udp' as const)
    return readSockets(table).flatMap(({ address, port, state, inode }) => {
      if (!ports.includes(port) || state !== (protocol === 'tcp' ? LISTEN : UDP_BOUND)) return []
      return [{ protocol, port, inode, ...(address === undefined ? {} : { address }) }]
    })
  })
  if (sockets.length === 0) return []
  const programs = programsBySocket(new Set(sockets.map((socket) => socket.inode)))
  return sockets.map(({ inode, ...socket }) => {
    const program = programs.get(inode)
    return { ...socket, ...(program === undefined ? {} : { program }) }
  })
}

/** A kernel without one family has no such table. */
function readTable(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(1)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** /proc/net prints addresses as 32-bit words in host order. Undefined: the wildcard address. */
function fromProcHex(hex: string): string | undefined {
  const bytes = Buffer.from(hex, 'hex')
  if (bytes.length !== 4 && bytes.length !== 16)
    fail('internal.bug', `/proc/net holds an address of ${bytes.length} octets.`)
  for (let i = 0; i < bytes.length; i += 4) bytes.subarray(i, i + 4).reverse()
  return bytes.every((byte) => byte === 0) ? undefined : formatAddress(bytes)
}

function programsBySocket(inodes: ReadonlySet<string>): Map<string, string> {
  const found = new Map<string, string>()
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
        if (inode !== undefined && inodes.has(inode)) found.set(inode, readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
      }
    } catch {
      // The process or descriptor is gone, or not ours to see: its name stays unknown.
    }
  }
  return found
}
