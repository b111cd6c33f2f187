import { join } from 'node:path'
import { ENDPOINTS } from '../../base/endpoints.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import type { Plan } from '../../plan/types.ts'
import type { ListenLimits } from '../api/listen.ts'
import { Listeners, type Place } from '../api/listeners.ts'
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
  private settings: WhySettings | undefined
  private seen: string | undefined
  private readonly listeners: Listeners
  private readonly looks = new RepeatedLook(() => this.look(), LOOK_MS)

  constructor({ layout, plan, lookUpNames }: WhyPageOptions) {
    this.file = join(runtimePaths(layout).current, WHY_SETTINGS_FILE)
    const handle = whyHandler({
      plan,
      settings: () => this.settings!,
      ...(lookUpNames === undefined ? {} : { lookUpNames }),
    })
    this.listeners = new Listeners(handle, LIMITS)
  }

  /** Begins to follow the settings. */
  start(): void {
    this.looks.start()
  }

  async stop(): Promise<void> {
    await this.looks.stop()
    await this.listeners.close()
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
    const failures = await this.listeners.follow(places)
    // An address that moves between routers is not always here.
    const failure = failures.find(({ code }) => code !== 'EADDRNOTAVAIL')
    if (failure !== undefined) throw failure
  }
}

const placesOf = ({ listen: addresses, tls }: WhySettings): Place[] =>
  addresses.flatMap((address) => [
    { address, port: ENDPOINTS.whyPort },
    ...(tls === undefined ? [] : [{ address, port: ENDPOINTS.whyTlsPort, tls }]),
  ])
