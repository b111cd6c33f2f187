const COUNT = new Intl.NumberFormat('en')
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

export const formatCount = (count: number): string => (count < 100_000 ? COUNT.format(count) : COMPACT.format(count))

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`

/** Octets in powers of 1000. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}

/** The two largest units of a time in milliseconds. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

const two = (number: number): string => String(number).padStart(2, '0')

/** Time of day where it is the same day as `now`, else with the date; in the browser's time zone. */
export function formatTime(time: number, now = Date.now(), withSeconds = true): string {
  const date = new Date(time)
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}${withSeconds ? `:${two(date.getSeconds())}` : ''}`
  return date.toDateString() === new Date(now).toDateString()
    ? clock
    : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`
}

/** The line of the history that counts changes (`+2 -1 ~0`) in words; any other line as it is. */
export function formatChange(summary: string): string {
  const counts = /^\+(\d+) -(\d+) ~(\d+)$/.exec(summary)
  if (counts === null) return summary
  const words = ['added', 'removed', 'changed'].flatMap((word, at) =>
    counts[at + 1] === '0' ? [] : [`${formatCount(Number(counts[at + 1]))} ${word}`],
  )
  return words.length === 0 ? 'no difference' : words.join(', ')
}

/** `Europe/Berlin (UTC+01:00)`, or `UTC`: what times on the page are to be read in. */
export function timeZoneText(now = new Date()): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const ahead = -now.getTimezoneOffset()
  const minutes = Math.abs(ahead)
  const offset = `UTC${ahead < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
  return timeZone === 'UTC' ? timeZone : `${timeZone} (${offset})`
}

/** Times of the gateway inside a sentence (`2026-11-23T02:29:34.444Z`), as other times of the page. */
export const withLocalTimes = (sentence: string): string =>
  sentence.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z/g, (time) => formatTime(Date.parse(time)))
