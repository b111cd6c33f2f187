import { z } from 'zod'
import { fail } from '../../../base/errors.ts'
import type { LogPlace } from './newest-lines.ts'

/** Characters of a printed cursor, at most. */
export const MAX_CURSOR = 768

/** Where a page of records has stopped. */
export interface PageCursor {
  /** Of the last line that was looked at, in milliseconds since the epoch. */
  readonly time: number
  /** In each log; null: it has nothing older. */
  readonly places: readonly (LogPlace | null)[]
}

/** The last instant that Date knows. */
const MAX_TIME = 8.64e15
const number = z.number().min(0)

const shape = z.tuple([
  z.int().min(0).max(MAX_TIME),
  z.array(z.tuple([number, number, z.int().min(0)]).nullable()).max(8),
])

export function printCursor({ time, places }: PageCursor): string {
  const printed = [time, places.map((place) => place && [place.inode, place.born, place.offset])]
  return Buffer.from(JSON.stringify(printed)).toString('base64url')
}

/** Throws `config.value` for what is no cursor over so many logs; it comes from the network. */
export function readCursor(cursor: string, logs: number): PageCursor {
  try {
    const text = Buffer.from(cursor.slice(0, MAX_CURSOR), 'base64url').toString('latin1')
    const [time, places] = shape.parse(JSON.parse(text))
    if (places.length === logs)
      return { time, places: places.map((place) => place && { inode: place[0], born: place[1], offset: place[2] }) }
  } catch {
    // Told below, like one that is of another question.
  }
  return fail('config.value', 'The cursor is none that a page of records has given to this question.')
}
