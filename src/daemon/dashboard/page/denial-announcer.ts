import { setText } from './dom.ts'
import { counted } from './format.ts'

const EVERY_MS = 10_000

/** For those who listen instead of looking: how many denials there were, as a sentence, and not for each of them. */
export class DenialAnnouncer {
  private readonly place: HTMLElement
  private toldAt = Number.NEGATIVE_INFINITY
  private denials = 0
  private newest = ''
  private timer: ReturnType<typeof setTimeout> | undefined

  /** `place` is a live region. */
  constructor(place: HTMLElement, signal: AbortSignal) {
    this.place = place
    signal.addEventListener('abort', () => clearTimeout(this.timer))
  }

  add(target: string): void {
    this.denials++
    this.newest = target
    this.timer ??= setTimeout(() => this.tell(), Math.max(0, this.toldAt + EVERY_MS - performance.now()))
  }

  private tell(): void {
    setText(this.place, `${counted(this.denials, 'new denial')}. The newest: ${this.newest}.`)
    this.toldAt = performance.now()
    this.denials = 0
    this.timer = undefined
  }
}
