import { mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { replaceWhole } from '../../base/atomic-file.ts'

const MAX_BYTES = 16 << 20

/**
 * Something that must survive a restart, as JSON in a file that is replaced as a whole. A damaged file is put aside, the
 * newest of them as `.damaged`. One that only cannot be read now, as where too many files are open, is left alone and
 * not written to before it was read.
 */
export class StateFile<Shape extends z.ZodType> {
  private readonly path: string
  private readonly shape: Shape
  private damage: string | undefined
  private trouble: string | undefined
  private isRead = false

  constructor(path: string, shape: Shape) {
    this.path = path
    this.shape = shape
  }

  /** Sentences; empty when all is well. A damaged file is told until the end, everything else until it is over. */
  get troubles(): string[] {
    return [this.damage, this.trouble].filter((each) => each !== undefined)
  }

  /** Whether there is no need to read it again. */
  get isSettled(): boolean {
    return this.isRead
  }

  /** Undefined where there is none, or none that can be read, for now or at all; see `isSettled`. Never throws. */
  load(): z.output<Shape> | undefined {
    let text: string | undefined
    try {
      text = read(this.path)
    } catch (error) {
      this.trouble = `What was known of alerts cannot be read from ${this.path}: ${(error as Error).message}. It is tried again.`
      return undefined
    }
    this.isRead = true
    this.trouble = undefined
    if (text === undefined) return undefined
    try {
      return this.shape.parse(JSON.parse(text))
    } catch {
      this.putAside()
      return undefined
    }
  }

  /** Whether it is kept. Never throws. */
  save(value: z.input<Shape>): boolean {
    if (!this.isRead) return false
    try {
      mkdirSync(join(this.path, '..'), { recursive: true, mode: 0o750 })
      replaceWhole(this.path, JSON.stringify(value), 0o640)
      this.trouble = undefined
      return true
    } catch (error) {
      this.trouble = `Alerts are told twice after a restart, because ${this.path} cannot be written: ${(error as Error).message}.`
      return false
    }
  }

  private putAside(): void {
    const aside = `${this.path}.damaged`
    try {
      renameSync(this.path, aside)
      this.damage = `What was known of alerts was damaged; it is in ${aside}, and alerts begin anew.`
    } catch {
      this.damage = `What was known of alerts in ${this.path} was damaged, and alerts begin anew.`
    }
  }
}

/** Undefined where there is no file; empty, which is no JSON, where it is larger than anything we write. */
function read(path: string): string | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) return undefined
  return size > MAX_BYTES ? '' : readFileSync(path, 'utf8')
}
