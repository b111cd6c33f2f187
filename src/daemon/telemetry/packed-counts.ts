import { MEASURES } from './measures.ts'

/** Reasons that there may ever be. */
export const REASON_LIMIT = 64

/*
 * Most counts are small and most are nothing, and a week has a million rows. So a row is an octet that tells which
 * measures it has (bit 0: the first) and whether reasons follow (bit 7); those measures; and its reasons, each an octet
 * with the reason's number, with what it has of the denials unless that is all of them (ALL), and with MORE where another
 * one follows. Numbers have seven bits an octet, the lowest first (LEB128).
 */
const HAS_REASONS = 0x80
const ALL = 0x40
const MORE = 0x80
const DENIALS = MEASURES.indexOf('denials')
/** Octets of a number below 2⁵³. */
const MOST_OCTETS = 8
const MOST_OF_ROW = 1 + MEASURES.length * MOST_OCTETS

/** Writes rows one after another. */
export class RowWriter {
  private bytes: Uint8Array
  private at = 0

  /** `rows`: as many are to be expected. */
  constructor(rows: number) {
    this.bytes = new Uint8Array(MOST_OF_ROW + rows * 8)
  }

  /** Values in the order of `MEASURES`, whole and not negative; pairs of a reason's number and its part of the denials. */
  add(values: ArrayLike<number>, first: number, reasons: readonly (readonly [number: number, count: number])[]): void {
    this.makeRoom(MOST_OF_ROW + reasons.length * (1 + MOST_OCTETS))
    const head = this.at++
    let has = reasons.length > 0 ? HAS_REASONS : 0
    for (let column = 0; column < MEASURES.length; column++) {
      const value = values[first + column]!
      if (value === 0) continue
      has |= 1 << column
      this.number(value)
    }
    this.bytes[head] = has
    const denials = values[first + DENIALS]!
    reasons.forEach(([number, count], i) => {
      const more = i < reasons.length - 1 ? MORE : 0
      this.bytes[this.at++] = number | more | (count === denials ? ALL : 0)
      if (count !== denials) this.number(count)
    })
  }

  /** A copy of just what was written. */
  end(): Uint8Array {
    return this.bytes.slice(0, this.at)
  }

  private number(value: number): void {
    let rest = Math.min(value, Number.MAX_SAFE_INTEGER)
    // Beyond 2³¹ there are no shifts.
    for (; rest >= 0x80; rest = rest < 2 ** 31 ? rest >>> 7 : Math.floor(rest / 128))
      this.bytes[this.at++] = (rest % 128) | 0x80
    this.bytes[this.at++] = rest
  }

  private makeRoom(octets: number): void {
    if (this.at + octets <= this.bytes.length) return
    const larger = new Uint8Array(2 * this.bytes.length + octets)
    larger.set(this.bytes)
    this.bytes = larger
  }
}

/** Reads rows one after another, each into the same arrays. Throws where they are none. */
export class RowReader {
  /** Of the row read last, in the order of `MEASURES`. */
  readonly values = new Float64Array(MEASURES.length)
  readonly reasonNumbers = new Uint8Array(REASON_LIMIT)
  readonly reasonCounts = new Float64Array(REASON_LIMIT)
  reasons = 0
  private readonly bytes: Uint8Array
  private at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length
  }

  next(): void {
    const has = this.octet()
    const { values } = this
    for (let column = 0; column < MEASURES.length; column++)
      values[column] = (has & (1 << column)) === 0 ? 0 : this.number()
    this.reasons = 0
    for (let isMore = (has & HAS_REASONS) !== 0; isMore; ) {
      const octet = this.octet()
      if (this.reasons === REASON_LIMIT) throw new Error('a row in it has more reasons than there are')
      this.reasonNumbers[this.reasons] = octet & (ALL - 1)
      this.reasonCounts[this.reasons++] = (octet & ALL) === 0 ? this.number() : values[DENIALS]!
      isMore = (octet & MORE) !== 0
    }
  }

  private octet(): number {
    if (this.at >= this.bytes.length) throw new Error('a step in it is cut off')
    return this.bytes[this.at++]!
  }

  private number(): number {
    let octet = this.octet()
    if (octet < 0x80) return octet
    let value = octet & 0x7f
    let unit = 128
    for (let octets = 1; octet >= 0x80; octets++, unit *= 128) {
      if (octets === MOST_OCTETS) throw new Error('a count in it is too large')
      octet = this.octet()
      value += (octet & 0x7f) * unit
    }
    return value
  }
}
