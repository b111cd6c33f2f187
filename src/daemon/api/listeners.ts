import type { RequestListener } from 'node:http'
import { Connections, LISTEN_LIMITS, type Listening, type ListenLimits, listen } from './listen.ts'
import type { ApiSettings } from './settings.ts'

/** Where to listen; without a certificate plain http. */
export interface Place extends Pick<ApiSettings, 'port' | 'tls'> {
  readonly address: string
}

interface Open {
  readonly listening: Listening
  readonly tls: ApiSettings['tls']
}

/** One service on many addresses, each opened and closed by itself, with the bounds on connections shared. */
export class Listeners {
  private readonly handle: RequestListener
  private readonly limits: ListenLimits
  private readonly connections: Connections
  private readonly open = new Map<string, Open>()

  constructor(handle: RequestListener, limits: ListenLimits = LISTEN_LIMITS) {
    this.handle = handle
    this.limits = limits
    this.connections = new Connections(limits)
  }

  /**
   * Listens there and nowhere else; connections stay, and new ones get a new certificate. Gives the errors of the system
   * where that was not possible.
   */
  async follow(places: readonly Place[]): Promise<readonly NodeJS.ErrnoException[]> {
    const wanted = new Map(places.map((place) => [keyOf(place), place]))
    const others = [...this.open].filter(([key]) => !wanted.has(key))
    for (const [key] of others) this.open.delete(key)
    await Promise.all(others.map(([, { listening }]) => listening.close()))
    const failures: NodeJS.ErrnoException[] = []
    for (const [key, place] of wanted) {
      try {
        this.open.set(key, { listening: await this.opened(place, this.open.get(key)), tls: place.tls })
      } catch (error) {
        failures.push(error as NodeJS.ErrnoException)
      }
    }
    return failures
  }

  close(): Promise<unknown> {
    return this.follow([])
  }

  private async opened(place: Place, open: Open | undefined): Promise<Listening> {
    if (open === undefined) return listen(place, this.handle, this.limits, this.connections)
    const { tls } = place
    if (tls !== undefined && JSON.stringify(tls) !== JSON.stringify(open.tls)) open.listening.renew(tls)
    return open.listening
  }
}

/** A place with a certificate and one without have different servers. */
const keyOf = ({ address, port, tls }: Place): string => `${address} ${port} ${tls === undefined ? 'http' : 'https'}`
