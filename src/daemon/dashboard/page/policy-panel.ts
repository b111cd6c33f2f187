import { ApiError } from './api.ts'
import type { Board } from './board.ts'
import { button, byId, element, setText, table } from './dom.ts'
import { formatChange, formatTime } from './format.ts'
import type { Status, Version } from './gateway-facts.ts'

const SHOWN = 20
/** Characters of a policy that are shown; the file itself has all of it. */
const MOST_TEXT = 200_000
const POLL_MS = 500

interface Operation {
  readonly id: string
  readonly state?: 'running' | 'succeeded' | 'failed'
  readonly error?: string
}

/** The policy, its history with differences, and the way back. */
export class PolicyPanel {
  private readonly board: Board
  private generation: string | undefined
  private shownText: string | undefined

  constructor(board: Board) {
    this.board = board
    const details = byId<HTMLDetailsElement>('policy-text')
    details.addEventListener('toggle', () => void this.showText(details.open), { signal: board.signal })
  }

  /** Reads the history anew where another generation is live. */
  onStatus({ generation, policyFile }: Status): void {
    if (generation === this.generation) return
    this.generation = generation
    const source =
      typeof policyFile === 'string' ? `It comes from ${policyFile}.` : 'It does not come from a policy file.'
    setText(
      byId('policy-facts'),
      generation === undefined ? 'No policy is live.' : `Generation ${generation} is live. ${source}`,
    )
    void this.showHistory()
    void this.showText(byId<HTMLDetailsElement>('policy-text').open)
  }

  private async showText(isOpen: boolean): Promise<void> {
    if (!isOpen || this.shownText === this.generation) return
    const place = byId('policy-json')
    try {
      const { text, isCut } = await this.board.api.begin('/clawgress/policy', MOST_TEXT)
      const policy = text.slice(text.indexOf('"policy":') + '"policy":'.length)
      setText(
        place,
        isCut ? `${policy}\n… (only the beginning is shown)` : policy.trimEnd().replace(/\}\}$/, '').trimEnd(),
      )
      this.shownText = this.generation
    } catch (error) {
      setText(place, (error as Error).message)
    }
  }

  private async showHistory(): Promise<void> {
    const place = byId('history')
    const shown = await this.board.api.get<readonly Version[]>('/clawgress/policy/versions').then(
      (versions) => this.table(versions),
      (error) => element('p', { class: 'problem' }, (error as Error).message),
    )
    // Who has just gone back was on a button that is not there any more.
    const wasInside = place.contains(document.activeElement)
    place.replaceChildren(shown)
    if (wasInside) place.focus()
  }

  private table(versions: readonly Version[]): HTMLElement {
    const mayGoBack = this.board.session.role !== 'viewer'
    const rows = versions.slice(0, SHOWN).map((version, index) => {
      const { number, generation, time, user, summary, live } = version
      const before = versions[index + 1]
      const actions = element('span', { class: 'actions' })
      actions.append(
        button('Difference', () => void this.compare(version, before), {
          'aria-label': `Difference of version ${number} to the one before`,
        }),
      )
      if (mayGoBack && !live)
        actions.append(
          button('Go back', () => void this.goBack(version), { 'aria-label': `Go back to version ${number}` }),
        )
      return [
        live ? element('b', {}, `${number} (live)`) : String(number),
        element('time', { datetime: time }, formatTime(Date.parse(time), Date.now(), false)),
        user,
        formatChange(summary),
        element('code', {}, generation),
        actions,
      ]
    })
    return table(
      'Policies that were activated, newest first',
      ['Version', 'Time', 'By', 'Change', 'Generation', 'Actions'],
      rows,
      'cards history',
    )
  }

  private async compare(version: Version, before: Version | undefined): Promise<void> {
    const title = byId('difference-title')
    setText(
      title,
      before === undefined
        ? `Version ${version.number}, the first that is kept`
        : `From version ${before.number} to ${version.number}`,
    )
    const place = byId('difference-text')
    try {
      const { text } = await this.board.api.get<{ text: string }>('/clawgress/policy/diff', {
        from: before?.number,
        to: version.number,
      })
      place.replaceChildren(...text.trimEnd().split('\n').map(differenceLine))
    } catch (error) {
      setText(place, (error as Error).message)
    }
    byId('difference').hidden = false
    title.focus()
  }

  private async goBack({ number, generation }: Version): Promise<void> {
    const message = byId('policy-message')
    if (
      !(await confirmed(
        `Go back to version ${number} (generation ${generation})? Connections that it does not allow are reset.`,
      ))
    )
      return
    setText(message, `Going back to version ${number}…`)
    try {
      const match = this.generation === undefined ? {} : { 'if-match': `"${this.generation}"` }
      await this.finished(
        await this.board.api.post<Operation>('/clawgress/policy/rollback', { version: number }, match),
      )
      setText(message, `Version ${number} is live and proven.`)
    } catch (error) {
      setText(
        message,
        error instanceof ApiError ? error.message : 'The gateway did not answer; the status tells what is live.',
      )
    }
  }

  private async finished(begun: Operation): Promise<void> {
    let operation = begun
    while (operation.state === 'running') {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      operation = await this.board.api.get<Operation>(`/clawgress/operations/${operation.id}`)
    }
    if (operation.state === 'failed') throw new ApiError(500, operation.error ?? 'The change failed.')
  }
}

function differenceLine(line: string): HTMLElement {
  const kind = /^\s*\+/.test(line)
    ? 'added'
    : /^\s*-/.test(line)
      ? 'removed'
      : /^\s*~/.test(line)
        ? 'changed'
        : undefined
  return element('span', { class: kind }, `${line}\n`)
}

function confirmed(question: string): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>('confirm')
  setText(byId('confirm-text'), question)
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true })
  })
}
