import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { ENDPOINTS } from '../../base/endpoints.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import type { Plan } from '../../plan/types.ts'
import { type Listening, type ListenLimits, listen } from '../api/listen.ts'
import type { LookUpNames } from '../records/names-behind.ts'
import { RepeatedLook } from '../repeated-look.ts'
import { stampOf } from '../settings-file.ts'
import { whyHandler } from './handler.ts'
import { readWhySettings, WHY_SETTINGS_FILE, type WhySettings } from './settings.ts'

/** Milliseconds between looks whether a commit changed the settings, or an address came up. */
const LOOK_MS = 500

/** Anyone may ask, so nobody may hold much. */
const LIMITS: ListenLimits = {
  headersMs: 3_000,
  requestMs: 5_000,
  idleMs: 2_000,
  stallMs: 5_000,
  connections: 256,
  connectionsPerClient: 16,
}

interface Place {
  readonly address: string
  readonly port: number
  readonly tls?: WhySettings['tls']
}

export interface WhyPageOptions {
  readonly layout: Layout
  readonly plan: () => Plan | undefined
  readonly lookUpNames?: LookUpNames
}

/** The page that tells clients why they were refused, opened, moved and closed as the live generation says. */
export class WhyPage {
  /** Why it does not listen though it should; a sentence. */
  trouble: string | undefined
  private readonly file: string
  private readonly handle: RequestListener
  private settings: WhySettings | undefined
  private seen: string | undefined
  private readonly open = new Map<string, Listening>()
  private readonly looks = new RepeatedLook(() => this.look(), LOOK_MS)

  constructor({ layout, plan, lookUpNames }: WhyPageOptions) {
    this.file = join(runtimePaths(layout).current, WHY_SETTINGS_FILE)
    this.handle = whyHandler({
      plan,
      settings: () => this.settings!,
      ...(lookUpNames === undefined ? {} : { lookUpNames }),
    })
  }

  /** Begins to follow the settings. */
  start(): void {
    this.looks.start()
  }

  async stop(): Promise<void> {
    await this.looks.stop()
    await this.keep(new Map())
  }

  private async look(): Promise<void> {
    const stamp = stampOf(this.file)
    try {
      const settings = stamp === this.seen ? this.settings : readWhySettings(this.file)
      if (settings !== undefined) this.settings = settings
      await this.follow(settings === undefined ? [] : placesOf(settings))
      this.seen = stamp
      this.trouble = undefined
      if (settings === undefined) this.settings = undefined
    } catch (error) {
      this.trouble = `The why page does not listen: ${(error as Error).message}. It is tried again until it does.`
    }
  }

  private async follow(places: readonly Place[]): Promise<void> {
    const wanted = new Map(places.map((place) => [JSON.stringify(place), place]))
    await this.keep(wanted)
    let failure: unknown
    for (const [key, place] of wanted) {
      if (this.open.has(key)) continue
      const { address, port, tls } = place
      try {
        this.open.set(
          key,
          await listen({ listen: [address], port, ...(tls === undefined ? {} : { tls }) }, this.handle, LIMITS),
        )
      } catch (error) {
        // An address that moves between routers is not always here.
        if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') failure = error
      }
    }
    if (failure !== undefined) throw failure
  }

  private async keep(wanted: ReadonlyMap<string, unknown>): Promise<void> {
    const others = [...this.open].filter(([key]) => !wanted.has(key))
    for (const [key] of others) this.open.delete(key)
    await Promise.all(others.map(([, listening]) => listening.close()))
  }
}

const placesOf = ({ listen: addresses, tls }: WhySettings): Place[] =>
  addresses.flatMap((address) => [
    { address, port: ENDPOINTS.whyPort },
    ...(tls === undefined ? [] : [{ address, port: ENDPOINTS.whyTlsPort, tls }]),
  ])
