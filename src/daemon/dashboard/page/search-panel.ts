import type { Board } from './board.ts'
import { button, byId, element, setText, table } from './dom.ts'
import { formatCount, formatTime } from './format.ts'
import type { AnyRecord, RecordPage } from './gateway-facts.ts'
import { clientLink, targetLink } from './record-links.ts'
import { summaryOf, textOf } from './record-text.ts'

const PAGE = 50

const isAddress = (text: string): boolean =>
  /^[0-9]{1,3}(\.[0-9]{1,3}){3}$/.test(text) || /^[0-9a-f]*:[0-9a-f:.]*$/i.test(text)

/** The records of one client, or of one name. */
export class SearchPanel {
  private readonly board: Board
  private readonly input = byId<HTMLInputElement>('search-text')
  /** Is read out; the records are not. */
  private readonly summary = byId('search-summary')
  private readonly place = byId('search-results')
  private asked = 0

  constructor(board: Board) {
    this.board = board
    byId('search-form').addEventListener(
      'submit',
      (event) => {
        event.preventDefault()
        void this.search(this.input.value)
      },
      { signal: board.signal },
    )
  }

  /** Fills in the form and shows what is found. */
  show(text: string): void {
    this.input.value = text
    byId('search').scrollIntoView()
    this.input.focus({ preventScroll: true })
    void this.search(text)
  }

  private async search(typed: string): Promise<void> {
    const text = typed.trim().toLowerCase()
    if (text === '') return
    const query = isAddress(text) ? { client: text } : { name: text }
    const records: AnyRecord[] = []
    let mine = ++this.asked
    const more = async (cursor?: string): Promise<void> => {
      // Older ones of what is no longer searched.
      if (mine !== this.asked) return
      // Who clicks twice asks once: the last answer alone counts.
      const asked = ++this.asked
      mine = asked
      try {
        const page = await this.board.api.get<RecordPage>('/clawgress/records', { ...query, limit: PAGE, cursor })
        if (asked !== this.asked) return
        records.push(...page.records)
        this.fill(text, records, page.searchedTo, page.cursor === null ? undefined : () => void more(page.cursor!))
      } catch (error) {
        if (asked !== this.asked) return
        this.tell((error as Error).message, true)
        if (cursor === undefined) this.place.replaceChildren()
      }
    }
    await more()
  }

  private tell(sentence: string, isProblem = false): void {
    this.summary.classList.toggle('problem', isProblem)
    setText(this.summary, sentence)
  }

  /** `searchedTo`: what is older has not been looked through; `older` asks for it, and absent there is nothing. */
  private fill(
    text: string,
    records: readonly AnyRecord[],
    searchedTo: string | null,
    older: (() => void) | undefined,
  ): void {
    const rows = records.map((record) => {
      const words = textOf(record)
      return [
        element('time', { datetime: record.time }, formatTime(Date.parse(record.time))),
        element('span', { class: 'tag', 'data-kind': words.kind }, words.tag),
        words.client === undefined ? '–' : clientLink(this.board, words.client),
        targetLink(this.board, record, words),
        words.detail,
        element('span', { class: words.count === 1 ? 'once' : undefined }, formatCount(words.count)),
      ]
    })
    this.tell(summaryOf(text, records, searchedTo, older !== undefined))
    const wasInside = this.place.contains(document.activeElement)
    const found = element(
      'section',
      { class: 'scroll', tabindex: '0', 'aria-label': `Records of ${text}` },
      table(`Records of ${text}`, ['Time', 'What', 'Client', 'Target', 'Reason', 'Count'], rows, 'cards records'),
    )
    const next =
      older === undefined ? [] : [button(searchedTo === null ? 'Show older ones' : 'Search older ones', older)]
    this.place.replaceChildren(...(rows.length === 0 ? [] : [found]), ...next)
    // Who asked for more stays where they were.
    if (wasInside) (next[0] ?? found).focus()
  }
}
