import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { execa } from 'execa'
import { type AddressBytes, formatAddress, maskAddress, type Prefix, parseAddress } from '../base/address.ts'
import { fail } from '../base/errors.ts'

export interface NetworkInterface {
  readonly name: string
  readonly addresses: readonly { readonly address: AddressBytes; readonly prefix: Prefix; readonly scope: string }[]
  /** Name of the VRF device that the interface belongs to. */
  readonly vrf?: string
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
  readonly flowtableDevices: readonly string[]
  /** VyOS's table that takes every packet out of connection tracking is in force (plain VyOS without firewall or NAT). */
  readonly untracked: boolean
}

/** Reads the facts of this network namespace; changes nothing. */
export async function readSystemFacts(): Promise<SystemFacts> {
  const [interfaces, ruleset] = await Promise.all([readInterfaces(), readForeignRuleset()])
  return { interfaces, listeners: readListeners([53, 5053]), ...ruleset }
}

interface IpAddressJson {
  ifname: string
  linkinfo?: { info_slave_kind?: string }
  master?: string
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
    ...(link.linkinfo?.info_slave_kind === 'vrf' && link.master !== undefined ? { vrf: link.master } : {}),
  }))
}

/** Terse listing: no elements, so large sets cost nothing (facts: nftables A4). */
async function readForeignRuleset(): Promise<Pick<SystemFacts, 'flowtableDevices' | 'untracked'>> {
  const list = async (...what: string[]) => {
    const { stdout, exitCode } = await execa('nft', ['-t', 'list', ...what], { reject: false })
    return exitCode === 0 ? stdout : ''
  }
  const [flowtables, tracking4, tracking6] = await Promise.all([
    list('flowtables'),
    list('table', 'ip', 'vyos_conntrack'),
    list('table', 'ip6', 'vyos_conntrack'),
  ])
  const devices = [...flowtables.matchAll(/devices = \{([^}]*)\}/g)].flatMap((match) => match[1]!.split(','))
  return {
    flowtableDevices: devices.map((device) => device.replaceAll(/[\s"]/g, '')).filter((device) => device !== ''),
    untracked: [tracking4, tracking6].some(takesOutOfTracking),
  }
}

/** VyOS's stock layout: PREROUTING ends in `notrack` unless a jumped-to chain accepts first (facts: datapath 0.8). */
export function takesOutOfTracking(table: string): boolean {
  const chain = (name: string) => new RegExp(`chain ${name} \\{([^}]*)\\}`).exec(table)?.[1] ?? ''
  if (!/\bnotrack\b/.test(chain('PREROUTING'))) return false
  return !['FW_CONNTRACK', 'NAT_CONNTRACK', 'VYOS_CT_IGNORE'].some((name) => /(^|\s)accept\s*$/m.test(chain(name)))
}

function readListeners(ports: readonly number[]): Listener[] {
  const sockets = (['tcp', 'tcp6', 'udp', 'udp6'] as const).flatMap((table) => {
    const rows = readTable(`/proc/self/net/${table}`)
    return rows.flatMap((row) => {
      const [, local, , state, , , , , , inode] = row.trim().split(/\s+/)
      const [addressHex, portHex] = (local ?? '').split(':')
      const port = Number.parseInt(portHex ?? '', 16)
      const wanted = table.startsWith('tcp') ? '0A' : '07'
      if (!ports.includes(port) || state !== wanted || addressHex === undefined) return []
      const address = fromProcHex(addressHex)
      const protocol = table.startsWith('tcp') ? ('tcp' as const) : ('udp' as const)
      return [{ protocol, port, inode: inode ?? '', ...(address === undefined ? {} : { address }) }]
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
