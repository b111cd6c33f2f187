import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceWhole } from '../../base/atomic-file.ts'
import { alertShape } from './alert.ts'
import { baselineShape } from './violation-spike.ts'

const MAX_BYTES = 16 << 20

const stateShape = z.strictObject({
  version: z.literal(1),
  alerts: z.array(alertShape),
  /** By webhook, then by fingerprint: what the receiver was told last. */
  delivered: z.record(z.string(), z.record(z.string(), z.string())),
})

const learntShape = z.strictObject({
  version: z.literal(1),
  baselines: baselineShape,
  clients: z.array(z.string().max(45)),
})

export type AlertState = z.infer<typeof stateShape>
export type Learnt = z.infer<typeof learntShape>

/**
 * What must survive a restart: which alerts fire, who was told, what is usual. Replaced as a whole; a damaged file is put
 * aside, and the alerts begin anew.
 */
export class StateFile {
  /** Why it cannot be read or written, until it can; a sentence. */
  trouble: string | undefined
  private readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  loadState(): AlertState {
    return this.load('state.json', stateShape) ?? { version: 1, alerts: [], delivered: {} }
  }

  loadLearnt(): Learnt {
    return this.load('learnt.json', learntShape) ?? { version: 1, baselines: {}, clients: [] }
  }

  saveState(state: AlertState): void {
    this.save('state.json', state)
  }

  saveLearnt(learnt: Learnt): void {
    this.save('learnt.json', learnt)
  }

  private load<Shape extends z.ZodType>(name: string, shape: Shape): z.output<Shape> | undefined {
    const path = join(this.folder, name)
    if (!existsSync(path)) return undefined
    try {
      if (statSync(path).size > MAX_BYTES) throw new Error('it is too large')
      return shape.parse(JSON.parse(readFileSync(path, 'utf8')))
    } catch {
      this.trouble = `What was known of alerts could not be read; it is in ${path}.damaged, and alerts begin anew.`
      try {
        renameSync(path, `${path}.damaged`)
      } catch {
        // The next save replaces it.
      }
      return undefined
    }
  }

  private save(name: string, value: object): void {
    const path = join(this.folder, name)
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o750 })
      replaceWhole(path, JSON.stringify(value), 0o640)
      this.trouble = undefined
    } catch (error) {
      this.trouble = `Alerts are told twice after a restart, because ${path} cannot be written: ${(error as Error).message}.`
    }
  }
}
