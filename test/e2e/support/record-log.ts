import { existsSync, readFileSync } from 'node:fs'
import { until } from './lab.ts'

/** Every record of a log, each of which must be valid; none where there is no log yet. */
export function readRecords<Kind>(path: string, parser: { parse(value: unknown): Kind }): Kind[] {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  return lines.map((line) => parser.parse(JSON.parse(line)))
}

/** Waits until something is found. Rejects after `deadlineMs` with what did not come. */
export async function found<Value>(find: () => Value | undefined, what: string, deadlineMs = 8_000): Promise<Value> {
  let value: Value | undefined
  await until(what, deadlineMs, () => {
    value = find()
    return value !== undefined
  })
  return value!
}
