import type { Board } from './board.ts'
import { button, byId, element, setText } from './dom.ts'
import { formatCount, formatTime } from './format.ts'
import type { AnyRecord, RecordPage } from './gateway-facts.ts'
import { type Kind, textOf } from './record-text.ts'

/** Entries that stay on the page. */
const MOST = 200
/** Records are put on the page together, so that a flood does not stop it. */
const PAUSE_MS = 150
/** Of a flood, so many are shown at a time. */
const MOST_AT_ONCE = 40
const SPOKEN_EVERY_MS = 10_000
const RETRY_MS = 2_000

interface Entry {
  readonly item: HTMLLIElement
  readonly times: HTMLElement
  count: number
}

/** What is recorded, as it happens; `onRecords` hears that counts may have changed. */
export class LiveFeed {
  private readonly board: Board
  private readonly onRecords: () => void
  private readonly list = byId<HTMLOListElement>('feed')
  private readonly entries = new Map<string, Entry>()
  private waiting: AnyRecord[] = []
  private skipped = 0
  private spoken = { at: 0, denials: 0 }
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(board: Board, onRecords: () => void) {
    this.board = board
    this.onRecords = onRecords
    this.list.replaceChildren()
    const { signal } = board
    byId('live-pause').addEventListener('click', () => this.pause(), { signal })
    for (const box of this.boxes()) box.addEventListener('change', () => this.filter(), { signal })
    this.filter()
    signal.addEventListener('abort', () => clearTimeout(this.timer))
  }

  /** Follows the gateway until the user signs out. */
  async follow(): Promise<void> {
    const { api, signal } = this.board
    while (!signal.aborted) {
      try {
        const stream = api.events('/clawgress/records/stream', signal)
        // The stream is asked for first: what happens in between is seen twice rather than not at all.
        const first = stream.next()
        // It is awaited only after the page of the past, and may fail before.
        first.catch(() => {})
        await this.fillGap()
        setText(byId('live-state'), 'connected')
        for (let next = await first; next.done !== true; next = await stream.next())
          if (next.value.event === 'record') this.take(JSON.parse(next.value.data) as AnyRecord)
          else if (next.value.event === 'omitted') this.skipped += Number(next.value.data)
      } catch {
        // Whatever it was, it is tried again; the status says whether the gateway is there.
      }
      if (signal.aborted) return
      setText(byId('live-state'), 'connecting again…')
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  private async fillGap(): Promise<void> {
    const { records } = await this.board.api.get<RecordPage>('/clawgress/records', { limit: MOST_AT_ONCE })
    for (const record of [...records].reverse()) this.take(record)
  }

  private take(record: AnyRecord): void {
    this.waiting.push(record)
    if (this.waiting.length > MOST_AT_ONCE * 5) {
      this.waiting.shift()
      this.skipped++
    }
    this.timer ??= setTimeout(() => this.flush(), PAUSE_MS)
  }

  private flush(): void {
    this.timer = undefined
    if (this.isPaused()) return
    const records = this.waiting.splice(0)
    const shown = records.slice(-MOST_AT_ONCE)
    this.skipped += records.length - shown.length
    for (const record of shown) this.show(record)
    while (this.list.children.length > MOST) this.drop(this.list.lastElementChild as HTMLElement)
    if (this.skipped > 0) {
      this.list.prepend(
        element('li', { class: 'quiet' }, `${formatCount(this.skipped)} more are in the log, not shown here.`),
      )
      this.skipped = 0
    }
    this.speak(shown)
    if (shown.length > 0) this.onRecords()
  }

  private show(record: AnyRecord): void {
    const { kind, tag, client, target, subject, detail, count } = textOf(record)
    const key = 'id' in record ? `${record.schema} ${record.id}` : undefined
    const known = key === undefined ? undefined : this.entries.get(key)
    if (known !== undefined) {
      if ('event' in record && record.event === 'repeats') known.count += count
      setText(known.times, known.count > 1 ? `× ${formatCount(known.count)}` : '')
      return
    }
    const times = element('span', { class: 'times' }, count > 1 ? `× ${formatCount(count)}` : '')
    const time = Date.parse(record.time)
    const item = element(
      'li',
      { 'data-kind': kind },
      element('time', { datetime: record.time }, formatTime(time)),
      element('span', { class: 'tag' }, tag),
      element(
        'span',
        { class: 'who' },
        ...(client === undefined ? [] : [button(client, () => this.board.search(client), { class: 'link' }), ' → ']),
        subject === undefined
          ? target
          : button(
              target,
              () => this.board.why({ name: subject, ...portOf(record), ...(client === undefined ? {} : { client }) }),
              { class: 'link', title: 'Ask the policy why' },
            ),
        ' ',
        times,
      ),
      element('span', { class: 'detail' }, detail),
    )
    if (key !== undefined) {
      item.dataset.key = key
      this.entries.set(key, { item, times, count })
    }
    this.list.prepend(item)
  }

  private drop(item: HTMLElement): void {
    if (item.dataset.key !== undefined) this.entries.delete(item.dataset.key)
    item.remove()
  }

  /** Those who listen instead of looking hear sums, not every record. */
  private speak(records: readonly AnyRecord[]): void {
    this.spoken.denials += records.filter(({ schema }) => schema === 'clawgress.decision/1').length
    const now = Date.now()
    if (this.spoken.denials === 0 || now - this.spoken.at < SPOKEN_EVERY_MS) return
    const newest = records.findLast(({ schema }) => schema === 'clawgress.decision/1')
    const text = newest === undefined ? '' : ` The newest: ${textOf(newest).target}.`
    setText(byId('feed-summary'), `${this.spoken.denials} new denials.${text}`)
    this.spoken = { at: now, denials: 0 }
  }

  private isPaused = (): boolean => byId('live-pause').getAttribute('aria-pressed') === 'true'

  private pause(): void {
    const isPaused = !this.isPaused()
    byId('live-pause').setAttribute('aria-pressed', String(isPaused))
    setText(byId('live-pause'), isPaused ? 'Go on' : 'Pause')
    if (!isPaused) this.flush()
  }

  private boxes = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>('#live .checks input')]

  private filter(): void {
    for (const { value, checked } of this.boxes()) this.list.classList.toggle(`without-${value as Kind}`, !checked)
  }
}

const portOf = (record: AnyRecord): { port?: number } =>
  'port' in record && typeof record.port === 'number' && record.port > 0 ? { port: record.port } : {}
