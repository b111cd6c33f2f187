import { existsSync, readFileSync } from 'node:fs'

/** Every record of a log, each of which must be valid; none where there is no log yet. */
export function readRecords<Kind>(path: string, parser: { parse(value: unknown): Kind }): Kind[] {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  return lines.map((line) => parser.parse(JSON.parse(line)))
}
