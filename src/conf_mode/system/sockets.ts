import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { formatAddress } from '../../base/address.ts'
import { fail } from '../../base/errors.ts'

/** A socket that answers on a port. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp'
  /** Undefined: all addresses. */
  readonly address?: string
  readonly port: number
  /** Name of the program, where it can be known. */
  readonly program?: string
}

export interface Sockets {
  /** On the ports that were asked about. */
  readonly listeners: readonly Listener[]
  /** Local addresses of open TCP connections to a port that this router listens on: somebody came to us. */
  readonly connectionsToUs: readonly string[]
}

const TABLES = ['tcp', 'tcp6', 'udp', 'udp6'] as const

/**
 * Reads the sockets of this network namespace. `ports`: which listeners are told; `notClients`: ports that connections
 * of the gateway's own go to.
 */
export function readSockets(ports: readonly number[], notClients: readonly number[]): Sockets {
  const sockets = TABLES.flatMap((table) => {
    const protocol = table.startsWith('tcp') ? ('tcp' as const) : ('udp' as const)
    return socketsOf(table).map((socket) => ({ ...socket, protocol }))
  })
  return { listeners: listenersAmong(sockets, ports), connectionsToUs: connectionsAmong(sockets, notClients) }
}

interface ProtocolSocket extends Socket {
  readonly protocol: Listener['protocol']
}

function connectionsAmong(sockets: readonly ProtocolSocket[], notClients: readonly number[]): string[] {
  const tcp = sockets.filter(({ protocol }) => protocol === 'tcp')
  const ports = new Set(tcp.filter(({ state }) => state === LISTEN).map(({ port }) => port))
  for (const port of notClients) ports.delete(port)
  return tcp.flatMap(({ address, port, state }) => (state === ESTABLISHED && ports.has(port) ? (address ?? []) : []))
}

function listenersAmong(sockets: readonly ProtocolSocket[], ports: readonly number[]): Listener[] {
  const listening = sockets.filter(
    ({ port, protocol, state }) => ports.includes(port) && state === (protocol === 'tcp' ? LISTEN : UDP_BOUND),
  )
  const programs = programsBySocket(listening)
  return listening.map(({ inode, protocol, address, port }) => {
    const program = programs.get(inode)
    return {
      protocol,
      port,
      ...(address === undefined ? {} : { address }),
      ...(program === undefined ? {} : { program }),
    }
  })
}

const LISTEN = '0A'
const ESTABLISHED = '01'
const UDP_BOUND = '07'

interface Socket {
  readonly address: string | undefined
  readonly port: number
  readonly state: string
  readonly inode: string
  /** Who opened it. */
  readonly uid: number
}

function socketsOf(table: string): Socket[] {
  return readTable(`/proc/self/net/${table}`).flatMap((row) => {
    const [, local, , state, , , , uid, , inode] = row.trim().split(/\s+/)
    const [addressHex, portHex] = (local ?? '').split(':')
    if (addressHex === undefined || portHex === undefined || state === undefined) return []
    return [
      {
        address: fromProcHex(addressHex),
        port: Number.parseInt(portHex, 16),
        state,
        inode: inode ?? '',
        uid: Number(uid),
      },
    ]
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

/**
 * Names of the programs that hold the sockets, by inode. The processes of the users who opened them are looked through
 * first, and no more of them than needed: a router runs hundreds.
 */
function programsBySocket(sockets: readonly Socket[]): Map<string, string> {
  const found = new Map<string, string>()
  const inodes = new Set(sockets.map(({ inode }) => inode))
  const openers = new Set(sockets.map(({ uid }) => uid))
  const pids = inodes.size === 0 ? [] : readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  const [first, rest] = [[] as string[], [] as string[]]
  for (const pid of pids) (openers.has(ownerOf(pid)) ? first : rest).push(pid)
  for (const pid of [...first, ...rest]) {
    if (found.size === inodes.size) break
    noteSockets(pid, inodes, found)
  }
  return found
}

/** -1 where the process is gone. */
const ownerOf = (pid: string): number => statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? -1

function noteSockets(pid: string, inodes: ReadonlySet<string>, found: Map<string, string>): void {
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined && inodes.has(inode)) found.set(inode, readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
    }
  } catch {
    // The process or descriptor is gone, or not ours to see: its name stays unknown.
  }
}
