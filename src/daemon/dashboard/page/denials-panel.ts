import type { Board, Panel } from './board.ts'
import { type Slot, type Spike, type Stack, slotsOf, spikesOf, stackOf } from './denial-slots.ts'
import { DenialsChart, reasonColour, spanText } from './denials-chart.ts'
import { byId, element, setText, table } from './dom.ts'
import { formatBytes, formatCount } from './format.ts'
import type { TelemetryAnswer, TelemetryPoint, Window } from './gateway-facts.ts'

const WINDOW_MS: Readonly<Record<Window, number>> = {
  '1m': 60_000,
  '5m': 300_000,
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
}

/** The highest of them are told. */
const MOST_SPIKES = 3

/** Denials over time, their reasons, spikes among them, and the sums of the time shown. */
export function denialsPanel(board: Board): Panel {
  const chart = new DenialsChart(byId('chart'), byId('chart-readout'), board.signal)
  return {
    refresh: async () => {
      const window = board.window()
      const [answer, points] = await Promise.all([
        board.api.get<TelemetryAnswer>('/clawgress/telemetry', { window }),
        board.api.get<readonly TelemetryPoint[]>('/clawgress/telemetry/series', { window }),
      ])
      if (window !== board.window()) return
      const stepMs = answer.stepSeconds * 1000
      const slots = slotsOf(points, stepMs, WINDOW_MS[window], Date.parse(answer.time))
      const stack = stackOf(slots)
      setText(
        byId('counts-state'),
        answer.isLoading === true ? 'What was counted before is still being read: some of it is missing.' : '',
      )
      showTiles(answer)
      chart.show(slots, stack, stepMs)
      showLegend(stack)
      showSpikes(spikesOf(slots), stepMs)
      showTable(slots, stack, stepMs)
    },
  }
}

function showTiles({ total }: TelemetryAnswer): void {
  const shown = (value: number | null, print: (number: number) => string) => (value === null ? '–' : print(value))
  const tiles = [
    ['Denied', shown(total.denials, formatCount), ''],
    ['Connections allowed', shown(total.flows, formatCount), 'ended'],
    ['Received', shown(total.bytesDown, formatBytes), 'by clients'],
    ['Sent', shown(total.bytesUp, formatBytes), 'by clients'],
    ['DNS questions', shown(total.queries, formatCount), cacheText(total.queries, total.cacheHits)],
  ] as const
  byId('tiles').replaceChildren(
    ...tiles.map(([name, value, note]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, value), element('dd', { class: 'quiet' }, note)),
    ),
  )
}

const cacheText = (queries: number | null, hits: number | null): string =>
  queries === null || hits === null || queries === 0
    ? ''
    : `${Math.round((100 * Math.min(hits, queries)) / queries)} % from the cache`

function showLegend({ reasons, totals }: Stack): void {
  const entries = reasons.map((reason, index) => {
    const mark = element('span', { class: 'mark', 'aria-hidden': 'true' })
    mark.style.setProperty('background', `var(${reasonColour(index)})`)
    return element('li', {}, mark, `${reason} `, element('b', {}, formatCount(totals[index]!)))
  })
  byId('legend').replaceChildren(
    ...(entries.length === 0 ? [element('li', { class: 'quiet' }, 'Nothing was denied in the time shown.')] : entries),
  )
}

function showSpikes(spikes: readonly Spike[], stepMs: number): void {
  const list = byId('spikes')
  const highest = [...spikes].sort((a, b) => b.total - a.total).slice(0, MOST_SPIKES)
  const shown = spikes.filter((spike) => highest.includes(spike))
  const sentences = shown.map(
    ({ start, total, usual }) =>
      `Spike: ${formatCount(total)} denials ${spanText(start, stepMs)}, where ${formatCount(usual)} are usual.`,
  )
  list.hidden = sentences.length === 0
  list.replaceChildren(...sentences.map((sentence) => element('li', {}, sentence)))
}

function showTable(slots: readonly Slot[], { reasons, counts }: Stack, stepMs: number): void {
  const rows = slots
    .map(({ start, total }, slot) => [
      spanText(start, stepMs),
      formatCount(total),
      ...counts.map((each) => formatCount(each[slot]!)),
    ])
    .reverse()
  byId('chart-table').replaceChildren(table('Denials over time by reason', ['Time', 'All', ...reasons], rows))
}
