import { join } from 'node:path'
import { API_SETTINGS_FILE, type ApiSettings, readApiSettings } from '../api/settings.ts'
import { stampOf } from '../settings-file.ts'
import type { Condition } from './alert.ts'

const DAY = 86_400_000
const WARN_DAYS = 7
/** A clock that is wrong for a moment ends no key. */
const FOR_MS = 60_000

/** The ends of the API's keys in the live generation. */
export class ApiKeys {
  private readonly file: string
  private keys: ApiSettings['keys'] = []
  private seen: string | undefined

  /** @param folder the link to the live generation */
  constructor(folder: string) {
    this.file = join(folder, API_SETTINGS_FILE)
  }

  /** `now` by the wall clock. */
  evaluate(now: number): Condition[] {
    this.look()
    return this.keys.flatMap(({ id, expires }) => {
      const end = expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires)
      return end - now < WARN_DAYS * DAY ? [conditionOf(id, expires!, end <= now)] : []
    })
  }

  private look(): void {
    const stamp = stampOf(this.file)
    if (stamp === this.seen) return
    try {
      this.keys = readApiSettings(this.file)?.keys ?? []
      this.seen = stamp
    } catch {
      // The API, which goes on with those that were as well, says what is wrong with them.
    }
  }
}

const conditionOf = (key: string, expires: string, isOver: boolean): Condition => ({
  event: 'api-key.expiry',
  labels: { key },
  severity: isOver ? 'critical' : 'warning',
  summary: `The API key of ${key} ${isOver ? 'ended' : 'ends'} at ${expires}.`,
  description: `Below "service clawgress api key id ${key}" set a new key and a later time, or delete it; then commit.`,
  forMs: FOR_MS,
})
