/** Inclusive. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** What is open where a policy names no ports. */
export const DEFAULT_PORTS: readonly PortRange[] = [
  { first: 80, last: 80 },
  { first: 443, last: 443 },
]

/** `443` or `"8000-8010"`; undefined where it is neither. */
export function parsePorts(value: number | string): PortRange | undefined {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(String(value))
  if (match === null) return undefined
  const first = Number(match[1])
  const last = Number(match[2] ?? match[1])
  return first >= 1 && first <= last && last <= 65535 ? { first, last } : undefined
}

/** What the schema accepted as a list of ports, in normal form. */
export const readPorts = (values: readonly (number | string)[]): PortRange[] =>
  joinPorts(values.map(parsePorts).filter((range) => range !== undefined))

/** Sorted, overlapping and adjacent ranges joined. */
export function joinPorts(ranges: readonly PortRange[]): PortRange[] {
  const joined: { first: number; last: number }[] = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first || a.last - b.last)) {
    const previous = joined.at(-1)
    if (previous !== undefined && range.first <= previous.last + 1) previous.last = Math.max(previous.last, range.last)
    else joined.push({ ...range })
  }
  return joined
}

export const formatPorts = (ranges: readonly PortRange[]): string =>
  ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
