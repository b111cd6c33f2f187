import type { Board } from './board.ts'
import { byId, element, facts } from './dom.ts'
import type { Verdict } from './gateway-facts.ts'

/** Asks the live policy what it does with a name or an address. */
export class WhyPanel {
  private readonly board: Board
  private asked = 0

  constructor(board: Board) {
    this.board = board
    byId('why-form').addEventListener(
      'submit',
      (event) => {
        event.preventDefault()
        void this.ask()
      },
      { signal: board.signal },
    )
  }

  /** Fills in the form and shows the answer. */
  show({ name, port, client }: { readonly name: string; readonly port?: number; readonly client?: string }): void {
    field('name').value = name
    field('port').value = port === undefined ? '' : String(port)
    field('client').value = client ?? ''
    byId('why').scrollIntoView()
    field('name').focus({ preventScroll: true })
    void this.ask()
  }

  private async ask(): Promise<void> {
    const mine = ++this.asked
    const [name, port, client] = [field('name').value.trim(), field('port').value.trim(), field('client').value.trim()]
    if (name === '') return
    const place = byId('why-answer')
    try {
      const verdict = await this.board.api.get<Verdict>('/clawgress/policy/test', { name, port, client })
      if (mine === this.asked) place.replaceChildren(...answer(verdict))
    } catch (error) {
      if (mine === this.asked) place.replaceChildren(element('p', { class: 'problem' }, (error as Error).message))
    }
  }
}

const field = (name: 'name' | 'port' | 'client'): HTMLInputElement => byId<HTMLInputElement>(`why-${name}`)

function answer({ verdict, reason, message, next, rule, label, ports, group, generation }: Verdict): Node[] {
  return [
    element('p', { class: 'verdict', 'data-verdict': verdict }, verdict === 'allow' ? 'Allowed' : 'Denied'),
    facts([
      ['Reason', `${reason}: ${message}`],
      ['Rule', rule === undefined ? 'none matches' : `${rule.text} (${rule.path})`],
      ...(label === undefined ? [] : [['Label', label] as const]),
      ...(ports === undefined ? [] : [['Ports', ports] as const]),
      ['Group', group],
      ['Generation', generation],
      ...(verdict === 'deny' ? [['Next step', next] as const] : []),
    ]),
  ]
}
