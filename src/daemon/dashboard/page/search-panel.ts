import type { Board } from './board.ts'
import { button, byId, element, table } from './dom.ts'
import { formatCount, formatTime } from './format.ts'
import type { AnyRecord, RecordPage } from './gateway-facts.ts'
import { textOf } from './record-text.ts'

const PAGE = 50

const isAddress = (text: string): boolean =>
  /^[0-9]{1,3}(\.[0-9]{1,3}){3}$/.test(text) || /^[0-9a-f]*:[0-9a-f:.]*$/i.test(text)

/** The records of one client, or of one name. */
export class SearchPanel {
  private readonly board: Board
  private readonly input = byId<HTMLInputElement>('search-text')
  private readonly place = byId('search-results')
  private asked = 0

  constructor(board: Board) {
    this.board = board
    this.place.replaceChildren()
    this.input.value = ''
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
    const mine = ++this.asked
    const query = isAddress(text) ? { client: text } : { name: text }
    const records: AnyRecord[] = []
    const more = async (cursor?: string): Promise<void> => {
      try {
        const page = await this.board.api.get<RecordPage>('/clawgress/records', { ...query, limit: PAGE, cursor })
        if (mine !== this.asked) return
        records.push(...page.records)
        this.fill(text, records, page.cursor === null ? undefined : () => void more(page.cursor!))
      } catch (error) {
        if (mine === this.asked)
          this.place.replaceChildren(element('p', { class: 'problem' }, (error as Error).message))
      }
    }
    await more()
  }

  private fill(text: string, records: readonly AnyRecord[], older: (() => void) | undefined): void {
    const rows = records.map((record) => {
      const { tag, client = '–', target, detail, count, kind } = textOf(record)
      return [
        element('time', { datetime: record.time }, formatTime(Date.parse(record.time))),
        element('span', { class: 'tag', 'data-kind': kind }, tag),
        client === '–' ? client : button(client, () => this.show(client), { class: 'link' }),
        target,
        detail,
        formatCount(count),
      ]
    })
    const denied = records.filter(({ schema }) => schema === 'clawgress.decision/1').length
    const sentence =
      records.length === 0
        ? `Nothing is recorded of ${text}.`
        : `${formatCount(records.length)} records of ${text}, ${formatCount(denied)} of them denials; newest first.`
    this.place.replaceChildren(
      element('p', {}, sentence),
      ...(rows.length === 0
        ? []
        : [
            element(
              'section',
              { class: 'scroll', tabindex: '0', 'aria-label': `Records of ${text}` },
              table(`Records of ${text}`, ['Time', 'What', 'Client', 'Target', 'Reason', 'Count'], rows),
            ),
          ]),
      ...(older === undefined ? [] : [button('Show older ones', older)]),
    )
  }
}
