const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `0 B`, `1.5 MiB`. */
export function formatOctets(octets: number): string {
  let value = octets
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}
