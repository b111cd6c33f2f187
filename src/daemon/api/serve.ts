import { join } from 'node:path'
import { runtimePaths } from '../../base/layout.ts'
import { RepeatedLook } from '../repeated-look.ts'
import { stampOf } from '../settings-file.ts'
import type { ApiContext, ApiServer, RegisterRoutes } from './context.ts'
import { Listeners } from './listeners.ts'
import { Operations } from './operations.ts'
import { API_SETTINGS_FILE, type ApiSettings, readApiSettings } from './settings.ts'

/** Milliseconds between looks whether a commit changed the settings, or an address came up. */
const LOOK_MS = 500

export interface ApiOptions extends Omit<ApiContext, 'settings' | 'operations'> {
  readonly routes?: readonly RegisterRoutes[]
}

interface Open {
  readonly app: ApiServer
  readonly listeners: Listeners
}

/**
 * The API as the live generation configures it: opened, moved and closed with it. Keys and allowed clients change under
 * an open server; connections stay then.
 */
export class Api {
  /** Why it does not listen though it should; a sentence. */
  trouble: string | undefined
  private readonly options: ApiOptions
  private readonly file: string
  private readonly operations = new Operations()
  private settings: ApiSettings | undefined
  private open: Open | undefined
  private seen: string | undefined
  private readonly looks = new RepeatedLook(() => this.look(), LOOK_MS)

  constructor(options: ApiOptions) {
    this.options = options
    this.file = join(runtimePaths(options.layout).current, API_SETTINGS_FILE)
  }

  /** Begins to follow the settings. */
  start(): void {
    this.looks.start()
  }

  async stop(): Promise<void> {
    await this.looks.stop()
    await this.shut()
  }

  private async look(): Promise<void> {
    const stamp = stampOf(this.file)
    if (stamp === this.seen && this.trouble === undefined) return
    try {
      const settings = readApiSettings(this.file)
      await this.follow(settings)
      this.seen = stamp
      this.trouble = undefined
    } catch (error) {
      this.trouble = `The API does not listen everywhere: ${(error as Error).message}. It is tried again until it does.`
    }
  }

  private async follow(settings: ApiSettings | undefined): Promise<void> {
    // Who is still connected when the API goes away is nobody who may do anything.
    this.settings = settings ?? (this.settings && { ...this.settings, keys: [] })
    if (settings === undefined) return this.shut()
    this.open ??= await this.build()
    const { listen: addresses, port, tls } = settings
    const places = addresses.map((address) => ({ address, port, ...(tls === undefined ? {} : { tls }) }))
    const failures = await this.open.listeners.follow(places)
    if (failures.length > 0) throw new Error(failures.map(({ message }) => message).join('; '))
  }

  private async build(): Promise<Open> {
    const { routes, ...options } = this.options
    const { operations } = this
    // A gateway without an API does without the memory of its code.
    const { buildApp } = await import('./app.ts')
    const app = await buildApp({ ...options, settings: () => this.settings!, operations }, routes)
    return { app, listeners: new Listeners(app.answer) }
  }

  private async shut(): Promise<void> {
    const { open } = this
    this.open = undefined
    // At once, because streams end with the app, and connections wait for the ends of their streams.
    await Promise.all([open?.listeners.close(), open?.app.close()])
  }
}
