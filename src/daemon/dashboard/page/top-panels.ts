import type { Board, Panel } from './board.ts'
import { bar, button, byId, element, table } from './dom.ts'
import { formatBytes, formatCount } from './format.ts'
import type { TelemetryAnswer, TelemetryRow } from './gateway-facts.ts'

const ROWS = 8
const LABELS = 12

/** Names, or clients, that were refused most. */
export function topPanel(board: Board, by: 'name' | 'client', place: string): Panel {
  return {
    refresh: async () => {
      const { rows, more } = await board.api.get<TelemetryAnswer>('/clawgress/telemetry', {
        window: board.window(),
        by,
        top: ROWS,
      })
      const refused = rows.filter(({ denials }) => (denials ?? 0) > 0)
      const most = refused[0]?.denials ?? 1
      const cells = refused.map((row) => [
        button(row.key, () => board.search(row.key), { class: 'link', title: `Search ${row.key}` }),
        withBar(formatCount(row.denials ?? 0), (row.denials ?? 0) / most),
        mainReason(row),
      ])
      const header = [by === 'name' ? 'Name' : 'Client', 'Denials', 'Mostly']
      const note = refused.length === ROWS && more > 0 ? `The first ${ROWS} are shown.` : undefined
      fill(byId(place), table(`${header[0]}s refused most`, header, cells, 'cards ranking'), note)
    },
  }
}

/** What was let through, by the labels of the policy. */
export function labelPanel(board: Board): Panel {
  return {
    refresh: async () => {
      const { rows, more, total } = await board.api.get<TelemetryAnswer>('/clawgress/telemetry', {
        window: board.window(),
        by: 'label',
        order: 'bytesDown',
        top: LABELS,
      })
      const labelled = rows.filter(({ flows }) => (flows ?? 0) > 0)
      const rest = restOf(total, rows)
      const all = (rest.flows ?? 0) > 0 && more === 0 ? [...labelled, rest] : labelled
      const octets = ({ bytesUp, bytesDown }: Amounts) => (bytesUp ?? 0) + (bytesDown ?? 0)
      const most = Math.max(1, ...all.map(octets))
      const cells = all.map((row) => [
        row.key,
        withBar(formatBytes(row.bytesDown ?? 0), octets(row) / most),
        formatBytes(row.bytesUp ?? 0),
        formatCount(row.flows ?? 0),
      ])
      const header = ['Label', 'Received', 'Sent', 'Connections']
      const note = more > 0 ? `The first ${LABELS} are shown.` : undefined
      fill(byId('labels'), table('Allowed traffic by label', header, cells, 'amounts'), note)
    },
  }
}

type Amounts = Pick<TelemetryRow, 'key' | 'flows' | 'bytesUp' | 'bytesDown'>

function restOf(total: TelemetryRow, rows: readonly TelemetryRow[]): Amounts {
  const rest = (measure: 'flows' | 'bytesUp' | 'bytesDown') =>
    Math.max(0, (total[measure] ?? 0) - rows.reduce((sum, row) => sum + (row[measure] ?? 0), 0))
  return { key: 'without a label', flows: rest('flows'), bytesUp: rest('bytesUp'), bytesDown: rest('bytesDown') }
}

const withBar = (text: string, share: number): HTMLElement => element('span', { class: 'measured' }, bar(share), text)

function mainReason({ denialsByReason }: TelemetryRow): string {
  const [most] = Object.entries(denialsByReason).sort(([, a], [, b]) => b - a)
  return most?.[0] ?? '–'
}

function fill(place: HTMLElement, rows: HTMLTableElement, note: string | undefined): void {
  // A table that is made anew takes away the focus of who is in it.
  const focused = place.contains(document.activeElement) ? document.activeElement?.textContent : undefined
  const isEmpty = rows.tBodies[0]!.rows.length === 0
  place.replaceChildren(
    isEmpty ? element('p', { class: 'quiet' }, 'Nothing in the time shown.') : rows,
    ...(note === undefined ? [] : [element('p', { class: 'quiet' }, note)]),
  )
  if (focused === undefined) return
  for (const each of place.querySelectorAll('button')) if (each.textContent === focused) each.focus()
}
