import { Api, ApiError } from './api.ts'
import type { Board, Panel } from './board.ts'
import { denialsPanel } from './denials-panel.ts'
import { byId, setText } from './dom.ts'
import { formatTime, timeZoneText, withLocalTimes } from './format.ts'
import type { Session, Status, Window } from './gateway-facts.ts'
import { LiveFeed } from './live-feed.ts'
import { PolicyPanel } from './policy-panel.ts'
import { SearchPanel } from './search-panel.ts'
import { showStatus, showUnknown } from './status-panel.ts'
import { labelPanel, topPanel } from './top-panels.ts'
import { WhyPanel } from './why-panel.ts'

const STATUS_MS = 2_000
const COUNTS_MS = 10_000
/** After a record the counts are read anew this soon, and not more often. */
const SOON_MS = 700

/** Repeats something until the signal, never twice at a time; `soon` brings the next round forward. */
function repeat(every: number, signal: AbortSignal, round: () => Promise<void>): { soon(delay: number): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let due = Number.POSITIVE_INFINITY
  let isRunning = false
  let wished = Number.POSITIVE_INFINITY
  const plan = (delay: number) => {
    const at = performance.now() + delay
    if (isRunning) wished = Math.min(wished, at)
    if (signal.aborted || isRunning || at >= due) return
    clearTimeout(timer)
    due = at
    timer = setTimeout(run, delay)
  }
  const run = () => {
    isRunning = true
    void round().finally(() => {
      isRunning = false
      due = Number.POSITIVE_INFINITY
      const next = Math.min(every, Math.max(0, wished - performance.now()))
      wished = Number.POSITIVE_INFINITY
      plan(next)
    })
  }
  plan(0)
  signal.addEventListener('abort', () => clearTimeout(timer))
  return { soon: plan }
}

function open(api: Api, session: Session, ending: AbortController): void {
  const { signal } = ending
  setText(byId('holder'), `${session.id} (${session.role})`)
  setText(byId('gateway'), location.hostname)
  setText(byId('time-zone'), `Times are in ${timeZoneText()}.`)
  byId('sign-out').addEventListener('click', () => signOut(ending), { signal })
  const board: Board = {
    api,
    session,
    signal,
    window: () => (document.querySelector<HTMLInputElement>('#window input:checked')?.value ?? '1h') as Window,
    search: (text) => search.show(text),
    why: (question) => why.show(question),
  }
  const search = new SearchPanel(board)
  const why = new WhyPanel(board)
  const policy = new PolicyPanel(board)
  const panels: Panel[] = [
    denialsPanel(board),
    topPanel(board, 'name', 'top-names'),
    topPanel(board, 'client', 'top-clients'),
    labelPanel(board),
  ]
  const connection = byId('connection')
  let answeredAt = Date.now()
  repeat(STATUS_MS, signal, async () => {
    try {
      const status = await api.get<Status>('/clawgress/status')
      showStatus(status)
      policy.onStatus(status)
      answeredAt = Date.now()
      connection.hidden = true
    } catch (error) {
      showUnknown()
      setText(
        connection,
        error instanceof ApiError
          ? error.message
          : `The gateway does not answer since ${formatTime(answeredAt)}. What stands below is from before.`,
      )
      connection.hidden = false
    }
  })
  const counts = repeat(COUNTS_MS, signal, async () => {
    // What fails now is asked again with the next round.
    await Promise.allSettled(panels.map((panel) => panel.refresh?.()))
  })
  byId('window').addEventListener('change', () => counts.soon(0), { signal })
  void new LiveFeed(board, () => counts.soon(SOON_MS)).follow()
  byId('login').hidden = true
  byId('board').hidden = false
  byId('main').focus({ preventScroll: true })
}

/** The board as it is sent: nothing that a session has shown stays in the page. */
const EMPTY_BOARD = byId('board').cloneNode(true)

function signOut(ending: AbortController, why = ''): void {
  ending.abort()
  byId('board').replaceWith(EMPTY_BOARD.cloneNode(true))
  document.title = 'Clawgress'
  byId('login').hidden = false
  setText(byId('login-problem'), why)
  byId<HTMLInputElement>('login-key').value = ''
  byId('login-key').focus()
}

/** What the gateway says to a key that has ended names the day; to others it says what a program should send. */
const refusal = ({ message }: ApiError, otherwise: string): string =>
  message.includes('api.key-expired') ? withLocalTimes(message) : otherwise

let signingIn = new AbortController()

async function signIn(): Promise<void> {
  const key = byId<HTMLInputElement>('login-key').value.trim()
  const problem = byId('login-problem')
  // Who clicks twice signs in once.
  signingIn.abort()
  const ending = new AbortController()
  signingIn = ending
  let isOpen = false
  const api = new Api(key, ending.signal, (error) => {
    if (isOpen && !ending.signal.aborted) signOut(ending, refusal(error, 'The key is not valid any more.'))
  })
  try {
    const session = await api.get<Session>('/dashboard/session')
    byId<HTMLInputElement>('login-key').value = ''
    setText(problem, '')
    open(api, session, ending)
    isOpen = true
  } catch (error) {
    setText(
      problem,
      error instanceof ApiError
        ? error.status === 401
          ? refusal(error, 'The gateway does not know this key.')
          : error.message
        : 'The gateway does not answer.',
    )
    byId('login-key').focus()
  }
}

byId('login-form').addEventListener('submit', (event) => {
  event.preventDefault()
  void signIn()
})
byId('login').hidden = false
byId('login-key').focus()
