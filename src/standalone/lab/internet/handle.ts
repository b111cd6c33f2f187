import { readFile } from 'node:fs/promises'
import { runIn } from '../namespace.ts'
import { type LabPaths, namespaceOf } from '../topology.ts'
import { NAME_SERVERS } from './addresses.ts'
import type { InternetEvent } from './event.ts'

/** Packets that reached the internet from the gateway's side, counted at its edge, answered or not. */
export interface Arrival {
  readonly source: string
  readonly destination: string
  readonly protocol: string
  /** Absent for protocols without ports. */
  readonly port?: number
  readonly packets: number
}

/** One question that reached an authoritative server, or the public resolver. */
export interface SeenQuestion {
  readonly source: string
  readonly view: string
  readonly name: string
  readonly type: string
}

interface ListedSet {
  readonly set?: {
    readonly elem?: readonly { readonly elem: { val: { concat: (string | number)[] }; counter: { packets: number } } }[]
  }
}

export class InternetHandle {
  readonly namespace: string
  private readonly paths: LabPaths

  constructor(paths: LabPaths) {
    this.paths = paths
    this.namespace = namespaceOf(paths.name, 'inet')
  }

  /** What the servers saw so far, oldest first. */
  async seen(): Promise<InternetEvent[]> {
    return parseLines(await readFile(this.paths.internetEvents, 'utf8'))
  }

  /** What came in at the internet's edge since the lab is up, or since `forget`. */
  async arrivals(): Promise<Arrival[]> {
    const { stdout } = await runIn(this.namespace, ['nft', '-j', 'list', 'table', 'inet', 'witness'])
    const { nftables } = JSON.parse(stdout) as { nftables: ListedSet[] }
    return nftables
      .flatMap(({ set }) => set?.elem ?? [])
      .map(({ elem }) => {
        const [source, destination, protocol, port] = elem.val.concat
        const place = { source: String(source), destination: String(destination), protocol: String(protocol) }
        return { ...place, ...(port === undefined ? {} : { port: Number(port) }), packets: elem.counter.packets }
      })
  }

  /** Starts counting arrivals anew. */
  async forget(): Promise<void> {
    const sets = ['seen4', 'seen6', 'other4', 'other6']
    const input = sets.map((set) => `flush set inet witness ${set}\n`).join('')
    await runIn(this.namespace, ['nft', '-f', '-'], { input })
  }

  /** Questions that name servers were asked, oldest first. */
  async questions(): Promise<SeenQuestion[]> {
    const text = await readFile(this.paths.internetQueries, 'utf8')
    return [...text.matchAll(/ (\S+)#\d+ \(\S*\): view (\S+): query: (\S+) IN (\S+) /g)].map((match) => ({
      source: match[1]!,
      view: match[2]!,
      name: match[3]!.toLowerCase(),
      type: match[4]!,
    }))
  }

  /** Replaces the addresses of a name in the zone `changing.net`, at once (RFC 2136). */
  async change(name: string, ttl: number, addresses: readonly string[]): Promise<void> {
    const lines = [
      `server ${NAME_SERVERS.hosting.v4}`,
      `local ${NAME_SERVERS.hosting.v4}`,
      'zone changing.net.',
      `update delete ${name}.`,
    ]
    const additions = addresses.map(
      (address) => `update add ${name}. ${ttl} ${address.includes(':') ? 'AAAA' : 'A'} ${address}`,
    )
    await runIn(this.namespace, ['nsupdate'], { input: `${[...lines, ...additions, 'send'].join('\n')}\n` })
  }
}

/** JSON lines; the last one may be half written. */
function parseLines(text: string): InternetEvent[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as InternetEvent)
}
