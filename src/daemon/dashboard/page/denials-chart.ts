import uPlot from 'uplot'
import { labelledStarts } from './chart-labels.ts'
import type { Slot, Stack } from './denial-slots.ts'
import { setText } from './dom.ts'
import { formatCount, formatTime } from './format.ts'

const HEIGHT = 220

/** Room for a label, pixels. */
const LABEL_WIDTH = 64

/** Colours of the page as they are now, light or dark. */
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

export const reasonColour = (index: number): string => `--series-${Math.min(index, 5) + 1}`

interface Shown {
  readonly slots: readonly Slot[]
  readonly stack: Stack
  readonly stepMs: number
}

/** Stacked bars of denials over time. Made anew when anything but the counts changes; the table tells the same. */
export class DenialsChart {
  private readonly place: HTMLElement
  private readonly readout: HTMLElement
  private plot: uPlot | undefined
  private shown: Shown | undefined
  private shape = ''

  /** Is drawn until `signal`. */
  constructor(place: HTMLElement, readout: HTMLElement, signal: AbortSignal) {
    this.place = place
    this.readout = readout
    const resizing = new ResizeObserver(() => this.plot?.setSize({ width: this.width(), height: HEIGHT }))
    resizing.observe(place)
    for (const colours of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
      matchMedia(colours).addEventListener('change', () => this.redraw(), { signal })
    signal.addEventListener('abort', () => {
      resizing.disconnect()
      this.plot?.destroy()
    })
  }

  show(slots: readonly Slot[], stack: Stack, stepMs: number): void {
    this.shown = { slots, stack, stepMs }
    const shape = JSON.stringify([stack.reasons, stepMs, slots.length])
    if (shape !== this.shape || this.plot === undefined) this.redraw()
    else this.plot.setData(dataOf(this.shown))
    this.shape = shape
  }

  private width(): number {
    return Math.max(200, this.place.clientWidth)
  }

  private redraw(): void {
    if (this.shown === undefined) return
    this.plot?.destroy()
    this.plot = new uPlot(this.options(this.shown), dataOf(this.shown), this.place)
  }

  private options({ stack, stepMs }: Shown): uPlot.Options {
    const text = colour('--quiet')
    const grid = { stroke: colour('--line'), width: 1 }
    const axis = { stroke: text, grid, ticks: { show: false }, font: `12px ${colour('--font')}` }
    const bars = uPlot.paths.bars!({ size: [0.72, 64], gap: 1, radius: 0 })
    // The highest sums first: each bar that follows covers the lower part of the one before.
    const series = stack.reasons.map((_reason, index) => ({
      fill: colour(reasonColour(index)),
      stroke: colour('--surface'),
      width: 0,
      paths: bars,
      points: { show: false },
    }))
    return {
      width: this.width(),
      height: HEIGHT,
      padding: [12, 24, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { range: (_plot, min, max) => [min - stepMs / 2000, max + stepMs / 2000] },
        y: { range: (_plot, _min, max) => [0, Math.max(4, max * 1.08)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 30,
          splits: (plot) => this.labels(plot.width),
          values: (_plot, ticks) => ticks.map((at) => timeLabel(at * 1000, stepMs)),
        },
        {
          ...axis,
          size: 48,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7],
          values: (_plot, ticks) => ticks.map(formatCount),
        },
      ],
      series: [{}, ...series.reverse()],
      hooks: { setCursor: [({ cursor }) => this.tell(cursor.idx ?? undefined)] },
    }
  }

  private labels(width: number): number[] {
    const { slots, stepMs } = this.shown!
    const starts = slots.map(({ start }) => start)
    return labelledStarts(starts, stepMs, width / LABEL_WIDTH, localOffset).map((start) => start / 1000)
  }

  private tell(index: number | undefined): void {
    const { slots, stack, stepMs } = this.shown!
    const slot = index === undefined ? undefined : slots[index]
    if (slot === undefined) {
      setText(this.readout, '')
      return
    }
    const parts = stack.reasons
      .map((reason, at) => [reason, stack.counts[at]![index!]!] as const)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `${reason} ${formatCount(count)}`)
    setText(
      this.readout,
      `${spanText(slot.start, stepMs)}: ${parts.length === 0 ? 'nothing denied' : parts.join(', ')}`,
    )
  }
}

/** Sums from below, in the order in which they are drawn. */
function dataOf({ slots, stack }: Shown): uPlot.AlignedData {
  const sums = slots.map(() => 0)
  const layers = stack.counts.map((counts) => {
    counts.forEach((count, slot) => {
      sums[slot]! += count
    })
    return [...sums]
  })
  return [slots.map(({ start }) => start / 1000), ...layers.reverse()]
}

const localOffset = (time: number): number => -60_000 * new Date(time).getTimezoneOffset()

const HOUR = 3_600_000

/** `Mon 16`, `18:05`, `18:05:10`. */
function timeLabel(time: number, stepMs: number): string {
  if (stepMs <= HOUR) return formatTime(time, time, stepMs < 60_000)
  const date = new Date(time)
  return `${date.toLocaleDateString('en', { weekday: 'short' })} ${date.getDate()}`
}

/** `18:05 to 18:10`. */
export function spanText(start: number, stepMs: number): string {
  const withSeconds = stepMs < 60_000
  return `${formatTime(start, Date.now(), withSeconds)} to ${formatTime(start + stepMs, start + stepMs, withSeconds)}`
}
