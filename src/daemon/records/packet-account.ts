import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceWhole } from '../../base/atomic-file.ts'
import { HandOver, handOverState } from './hand-over.ts'
import { Tail } from './sources/tail.ts'

/** How many packets had been accounted for at a place of the log. */
const accountedAt = z.tuple([z.string().max(4096), z.int().min(0)])

type AccountedAt = z.infer<typeof accountedAt>

const kept = z.strictObject({ places: z.array(accountedAt).max(2), handOver: handOverState.optional() })

type Kept = z.infer<typeof kept>

/**
 * The log of denied packets, and how many came of those that the kernel logged. What is known of it is kept with the
 * place before and the place to be, and written first: so it fits the bookmark whenever the program dies.
 */
export class PacketAccount {
  readonly tail: Tail
  /** Packets that were logged and did not come, since this program started. */
  lost = 0
  /** How many of them have been told. */
  told = 0
  private readonly file: string
  private readonly handOver: HandOver
  /** Packets accounted for before this program started. */
  private readonly before: number
  /** Packets that came since, understood or not, and those that a gap in their numbers tells of. */
  private count = 0
  private lastNumber: number | undefined
  /** Lines without a number since that one: what is damaged leaves a gap in the numbers, and is counted already. */
  private unnumbered = 0
  private bookmarked: AccountedAt | undefined
  private written = ''

  /** `path`: the log, of which no other program writes; `folder`: of the bookmark and of what is kept beside it. */
  constructor(path: string, folder: string) {
    const bookmark = join(folder, 'nflog.place')
    this.tail = new Tail({ path, bookmark, punch: true })
    this.file = join(folder, 'nflog.accounted')
    const place = textOf(bookmark)
    const state = readKept(this.file)
    this.bookmarked = state?.places.find(([each]) => each === place)
    // Nothing has been read yet where there is no bookmark; where the two do not fit, nobody knows.
    const before = place === undefined ? 0 : this.bookmarked?.[1]
    this.before = before ?? 0
    this.handOver = new HandOver(before === undefined ? undefined : state?.handOver, before)
  }

  get accounted(): number {
    return this.before + this.count + this.tail.counts.overlong
  }

  /** A line came. `number`: the kernel's of its packet, where it has one; it begins anew with every listener. */
  take(line: string, number: number | undefined): void {
    // Another program may log to our group; its packets are none of those that our table counts.
    if (number === undefined || line.includes('"cg:')) this.count++
    if (number === undefined) {
      this.unnumbered++
      return
    }
    const missing = this.lastNumber === undefined ? 0 : number - this.lastNumber - 1 - this.unnumbered
    if (missing > 0) {
      this.lost += missing
      this.count += missing
    }
    this.lastNumber = number
    this.unnumbered = 0
  }

  compare(table: number, logged: number): void {
    this.lost += this.handOver.look(table, logged, this.accounted)
  }

  /** Before the bookmark is set to `place`. Never throws. */
  prepare(place: string, accounted: number): void {
    if (place === '') return
    const places = [this.bookmarked, [place, accounted] as AccountedAt].filter((each) => each !== undefined)
    const handOver = this.handOver.kept(this.lost - this.told)
    const text = JSON.stringify({ places, ...(handOver === undefined ? {} : { handOver }) } satisfies Kept)
    if (text === this.written) return
    try {
      replaceWhole(this.file, text, 0o640)
      this.written = text
    } catch {
      // The bookmark beside it cannot be kept either, and that is told.
    }
  }

  /** The bookmark has been set to it, unless that failed. */
  settle(place: string, accounted: number): void {
    if (place !== '' && this.tail.placeTrouble === undefined) this.bookmarked = [place, accounted]
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Undefined where there is none, or a damaged one: then only what is lost from now on is told. */
function readKept(path: string): Kept | undefined {
  const text = textOf(path)
  try {
    return text === undefined ? undefined : kept.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
