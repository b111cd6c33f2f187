import { chownSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Layout, runtimePaths } from '../../src/base/layout.ts'
import { DIMENSION_LIMITS, MEASURES, REASON_CODES } from '../../src/daemon/telemetry/measures.ts'
import { RowWriter } from '../../src/daemon/telemetry/packed-counts.ts'
import { type StoredStep, TelemetryStore } from '../../src/daemon/telemetry/store.ts'
import { LEVELS } from '../../src/daemon/telemetry/timeline.ts'

/** Every step of a week as full as it can be, written where the daemon will look for it. */
export function fillStore(layout: Layout): void {
  const { telemetryFolder } = runtimePaths(layout)
  const path = join(telemetryFolder, 'telemetry.db')
  rmSync(path, { force: true })
  const store = new TelemetryStore(path)
  const now = Date.now()
  for (const [number, { step, steps, names }] of LEVELS.entries()) {
    if (number === 0) continue
    const newest = now - (now % step)
    for (let back = steps; back >= 1; back--) {
      const first = (back * names) % DIMENSION_LIMITS.name
      store.put(number, newest - back * step, fullStep(first, names), 0)
    }
  }
  if (store.troubles.length > 0) throw new Error(store.troubles.join(' '))
  store.close()
  const { uid, gid } = statSync(telemetryFolder)
  chownSync(path, uid, gid)
}

function fullStep(first: number, names: number): StoredStep {
  const clients = Array.from({ length: DIMENSION_LIMITS.client }, (_, i) => clientAt(i))
  const keys = ['', 'default', ...clients, ...Array.from({ length: names }, (_, i) => deniedName(first + i))]
  const dimensions = keys.map((_, row) => ['all', 'group'][row] ?? (row < clients.length + 2 ? 'client' : 'name'))
  const writer = new RowWriter(keys.length)
  keys.forEach((_, row) => {
    const values = MEASURES.map((measure, column) => {
      if (measure.startsWith('bytes')) return ((row + column) * 104_729) % 1_000_003
      // Few are busy, and most are not.
      return Math.floor(5_000 / (1 + (((row * 7 + column) * 7_919) % 1_009)))
    })
    writer.add(values, 0, [[row % 3, 1 + Math.floor(900 / (1 + ((row * 31) % 101)))]])
  })
  return { reasons: REASON_CODES, dimensions, keys, packed: writer.end() }
}

export const clientAt = (i: number): string => `10.78.${(i >> 8) & 255}.${i & 255}`
export const deniedName = (i: number): string => `host-${i % DIMENSION_LIMITS.name}.tracker.example`
