import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import sqlite from 'node-sqlite3-wasm'
import { DIMENSIONS, MEASURES } from './measures.ts'
import { REASON_LIMIT, RowReader } from './packed-counts.ts'

const VERSION = 3
const MAX_KEYS_BYTES = 64 << 20
const MAX_KEY = 1024

/** A step as the store keeps it: with names instead of numbers, and its rows as they are in memory. */
export interface StoredStep {
  /** Codes that the numbers of reasons are indices of. */
  readonly reasons: readonly string[]
  /** Of each row. */
  readonly dimensions: readonly string[]
  readonly keys: readonly string[]
  /** See `RowReader`. */
  readonly packed: Uint8Array
}

/** What of the file is JSON. Rows of another program that counts other things are none of ours. */
interface StoredKeys extends Omit<StoredStep, 'packed'> {
  readonly measures: readonly string[]
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string' && each.length <= MAX_KEY)

function isStoredKeys(step: unknown): step is StoredKeys {
  if (typeof step !== 'object' || step === null) return false
  const { measures, reasons, dimensions, keys } = step as Readonly<Record<string, unknown>>
  return (
    [measures, reasons, dimensions, keys].every(isTexts) &&
    (measures as string[]).join() === MEASURES.join() &&
    (reasons as string[]).length <= REASON_LIMIT &&
    (dimensions as string[]).length === (keys as string[]).length &&
    (dimensions as string[]).every((dimension) => (DIMENSIONS as readonly string[]).includes(dimension))
  )
}

/** Throws where the rows do not belong to the keys. */
function checkRows(packed: Uint8Array, { keys, reasons }: StoredKeys): void {
  const reader = new RowReader(packed)
  for (let row = 0; row < keys.length; row++) {
    reader.next()
    for (let i = 0; i < reader.reasons; i++)
      if (reader.reasonNumbers[i]! >= reasons.length) throw new Error('a step in it has a reason that is none')
  }
  if (!reader.isAtEnd) throw new Error('a step in it has not the length of its rows')
}

/**
 * Steps that are over, in an SQLite file: one row a step, so that what is read back is whole, whenever the program or
 * the machine dies. A full disk loses steps of the store, not of memory. A damaged file is put aside and a new one begun.
 */
export class TelemetryStore {
  /** What is wrong, as a sentence, until a write succeeds; a damaged file is told until the end. */
  private trouble: string | undefined
  private damage: string | undefined
  private readonly path: string
  private database: sqlite.Database | undefined

  constructor(path: string) {
    this.path = path
  }

  get troubles(): string[] {
    return [this.damage, this.trouble].filter((each) => each !== undefined)
  }

  /** One at a time, because all of them are much larger than what is made of them. Never throws. */
  *load(): Generator<{ level: number; start: number; step: StoredStep }> {
    try {
      const places = this.open().all('SELECT level, start FROM step ORDER BY start')
      for (const { level, start } of places) yield this.read(Number(level), Number(start))
    } catch (error) {
      // What only cannot be reached now, as where the disk is full, is there later.
      if (isDamage(error) || !(error instanceof sqlite.SQLite3Error)) this.putAside(error)
      else this.trouble = `The telemetry of the past cannot be read from ${this.path}: ${error.message}.`
    }
  }

  /** Adds a step, and drops those of its level that began before `oldest` (milliseconds since the epoch). Never throws. */
  put(level: number, start: number, { packed, ...keys }: StoredStep, oldest: number): void {
    try {
      const database = this.open()
      const stored: StoredKeys = { measures: MEASURES, ...keys }
      const data = deflateRawSync(JSON.stringify(stored), { level: 1 })
      database.exec('BEGIN')
      try {
        database.run('INSERT OR REPLACE INTO step (level, start, keys, counts) VALUES (?, ?, ?, ?)', [
          level,
          start,
          data,
          packed,
        ])
        database.run('DELETE FROM step WHERE level = ? AND start < ?', [level, oldest])
        database.exec('COMMIT')
      } catch (error) {
        if (database.inTransaction) database.exec('ROLLBACK')
        throw error
      }
      this.trouble = undefined
    } catch (error) {
      if (isDamage(error)) this.putAside(error)
      else this.trouble = `Telemetry cannot be written to ${this.path}: ${(error as Error).message}.`
    }
  }

  close(): void {
    try {
      this.database?.close()
    } catch {
      // What was committed is there.
    }
    this.database = undefined
  }

  private open(): sqlite.Database {
    if (this.database !== undefined) return this.database
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o750 })
    // The library locks with a folder, which a killed program leaves behind. Only one daemon runs.
    rmSync(`${this.path}.lock`, { recursive: true, force: true })
    const database = new sqlite.Database(this.path)
    try {
      const version = Number(Object.values(database.get('PRAGMA user_version') ?? {})[0])
      if (version !== 0 && version !== VERSION) throw new Error(`it has version ${version}, this program ${VERSION}`)
      // Space of dropped steps is given back, or the file would stay as large as it ever was. One that is made already is
      // not written to: what it holds can be read on a full disk.
      if (version === 0)
        database.exec(
          `PRAGMA auto_vacuum = FULL; CREATE TABLE IF NOT EXISTS step (level INTEGER, start INTEGER, keys BLOB, counts BLOB, PRIMARY KEY (level, start)); PRAGMA user_version = ${VERSION}`,
        )
    } catch (error) {
      database.close()
      throw error
    }
    this.database = database
    return database
  }

  private read(level: number, start: number): { level: number; start: number; step: StoredStep } {
    const row = this.open().get('SELECT keys, counts FROM step WHERE level = ? AND start = ?', [level, start])
    const text = inflateRawSync(row!.keys as Uint8Array, { maxOutputLength: MAX_KEYS_BYTES }).toString('utf8')
    const stored: unknown = JSON.parse(text)
    if (!isStoredKeys(stored)) throw new Error('a step in it is none')
    const { reasons, dimensions, keys } = stored
    const packed = new Uint8Array(row!.counts as Uint8Array)
    checkRows(packed, stored)
    return { level, start, step: { reasons, dimensions, keys, packed } }
  }

  private putAside(error: unknown): void {
    this.close()
    const aside = `${this.path}.damaged`
    try {
      if (existsSync(this.path)) renameSync(this.path, aside)
      rmSync(`${this.path}-journal`, { force: true })
    } catch {
      // Then it cannot be written either, and that is told.
    }
    this.damage = `The telemetry of the past could not be read (${(error as Error).message}); it is in ${aside}, and a new file was begun.`
  }
}

const isDamage = (error: unknown): boolean =>
  /malformed|not a database|corrupt/i.test(error instanceof Error ? error.message : '')
