import { ApiError } from './api.ts'
import type { Board } from './board.ts'
import { DenialAnnouncer } from './denial-announcer.ts'
import { byId, element, setText } from './dom.ts'
import { formatCount, formatTime } from './format.ts'
import type { AnyRecord, RecordPage } from './gateway-facts.ts'
import { clientLink, targetLink } from './record-links.ts'
import { type Kind, textOf } from './record-text.ts'

/** Entries that stay on the page. */
const MOST = 200
/** Records are put on the page together, so that a flood does not stop it. */
const PAUSE_MS = 150
/** Of a flood, so many are shown at a time. */
const MOST_AT_ONCE = 40
const RETRY_MS = 2_000
/** Records that are known again when they come twice: in a page of the past, and in the stream that was opened before. */
const REMEMBERED = 2 * MOST

interface Entry {
  readonly times: HTMLElement
  count: number
}

/** A time without connection. */
interface Gap {
  /** Milliseconds since the epoch. */
  readonly start: number
  readonly end: number
  /** More was recorded than follows. */
  readonly isLarge: boolean
}

/** What is recorded, as it happens; `onRecords` hears that counts may have changed. */
export class LiveFeed {
  private readonly board: Board
  private readonly onRecords: () => void
  private readonly list = byId<HTMLOListElement>('feed')
  private readonly state = byId('live-state')
  private readonly pauseButton = byId('live-pause')
  private readonly announcer: DenialAnnouncer
  private readonly entries = new Map<string, Entry>()
  private readonly keys = new WeakMap<Element, string>()
  private readonly seen = new Set<string>()
  private waiting: (AnyRecord | Gap)[] = []
  private skipped = 0
  /** Of the newest record that came. */
  private newest: string | undefined
  private lostAt: number | undefined
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(board: Board, onRecords: () => void) {
    const { signal } = board
    this.board = board
    this.onRecords = onRecords
    this.announcer = new DenialAnnouncer(byId('feed-summary'), signal)
    this.pauseButton.addEventListener('click', () => this.pause(), { signal })
    for (const box of this.boxes()) box.addEventListener('change', () => this.filter(), { signal })
    this.filter()
    signal.addEventListener('abort', () => clearTimeout(this.timer))
  }

  /** Follows the gateway until the user signs out. */
  async follow(): Promise<void> {
    const { api, signal } = this.board
    while (!signal.aborted) {
      let problem = ''
      try {
        for await (const { event, data } of api.events('/clawgress/records/stream'))
          if (event === 'open') await this.fillGap()
          else if (event === 'record') this.hear(JSON.parse(data) as AnyRecord)
          else if (event === 'omitted') this.skipped += Number(data)
      } catch (error) {
        // A connection that broke has nothing to say beside that; the status tells whether the gateway is there.
        if (error instanceof ApiError) problem = ` ${error.message}`
      }
      if (signal.aborted) return
      this.lostAt ??= Date.now()
      setText(this.state, `no connection since ${formatTime(this.lostAt)}, trying again…${problem}`)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  /** What was recorded before the stream was open, which is why it is asked for after that. */
  private async fillGap(): Promise<void> {
    const { records, cursor } = await this.board.api.get<RecordPage>('/clawgress/records', {
      limit: MOST_AT_ONCE,
      since: this.newest,
    })
    if (this.lostAt !== undefined) this.take({ start: this.lostAt, end: Date.now(), isLarge: cursor !== null })
    this.lostAt = undefined
    for (const record of [...records].reverse()) if (this.isNew(record)) this.take(record)
    setText(this.state, 'connected')
  }

  private isNew(record: AnyRecord): boolean {
    const text = JSON.stringify(record)
    if (this.seen.has(text)) return false
    this.seen.add(text)
    if (this.seen.size > REMEMBERED) for (const oldest of [...this.seen].slice(0, MOST)) this.seen.delete(oldest)
    return true
  }

  private hear(record: AnyRecord): void {
    if (!this.isNew(record)) return
    if (record.schema === 'clawgress.decision/1') this.announcer.add(textOf(record).target)
    this.take(record)
  }

  private take(each: AnyRecord | Gap): void {
    if ('schema' in each) this.newest = each.time
    this.waiting.push(each)
    if (this.waiting.length > MOST_AT_ONCE * 5) {
      this.waiting.shift()
      this.skipped++
    }
    this.timer ??= setTimeout(() => this.flush(), PAUSE_MS)
  }

  private flush(): void {
    this.timer = undefined
    if (this.isPaused()) return
    const waiting = this.waiting.splice(0)
    const shown = waiting.slice(-MOST_AT_ONCE)
    this.skipped += waiting.length - shown.length
    if (this.skipped > 0) this.list.prepend(skippedItem(this.skipped))
    this.skipped = 0
    for (const each of shown)
      if ('schema' in each) this.show(each)
      else this.list.prepend(gapItem(each))
    while (this.list.children.length > MOST) this.drop(this.list.lastElementChild!)
    if (shown.length > 0) this.onRecords()
  }

  private show(record: AnyRecord): void {
    const text = textOf(record)
    const { kind, tag, client, detail, count } = text
    const key = 'id' in record ? `${record.schema} ${record.id}` : undefined
    const known = key === undefined ? undefined : this.entries.get(key)
    if (known !== undefined) {
      if ('event' in record && record.event === 'repeats') known.count += count
      setText(known.times, timesText(known.count))
      return
    }
    const times = element('span', { class: 'times' }, timesText(count))
    const item = element(
      'li',
      { 'data-kind': kind },
      element('time', { datetime: record.time }, formatTime(Date.parse(record.time))),
      element('span', { class: 'tag' }, tag),
      element(
        'span',
        { class: 'who' },
        ...(client === undefined ? [] : [clientLink(this.board, client), ' → ']),
        targetLink(this.board, record, text),
        ' ',
        times,
      ),
      element('span', { class: 'detail' }, detail),
    )
    if (key !== undefined) {
      this.keys.set(item, key)
      this.entries.set(key, { times, count })
    }
    this.list.prepend(item)
  }

  private drop(item: Element): void {
    const key = this.keys.get(item)
    if (key !== undefined) this.entries.delete(key)
    item.remove()
  }

  private isPaused = (): boolean => this.pauseButton.getAttribute('aria-pressed') === 'true'

  private pause(): void {
    const isPaused = !this.isPaused()
    this.pauseButton.setAttribute('aria-pressed', String(isPaused))
    if (!isPaused) this.flush()
  }

  private boxes = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>('#live .checks input')]

  private filter(): void {
    for (const { value, checked } of this.boxes()) this.list.classList.toggle(`without-${value as Kind}`, !checked)
  }
}

const timesText = (count: number): string => (count > 1 ? `× ${formatCount(count)}` : '')

const skippedItem = (count: number): HTMLLIElement =>
  element('li', { class: 'quiet' }, `${formatCount(count)} more are in the log, not shown here.`)

function gapItem({ start, end, isLarge }: Gap): HTMLLIElement {
  const more = isLarge
    ? ` More than ${MOST_AT_ONCE} records came meanwhile; those that are not above are in the log.`
    : ''
  return element('li', { class: 'gap' }, `No connection from ${formatTime(start)} to ${formatTime(end)}.${more}`)
}
