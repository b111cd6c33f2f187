import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { MEASURES } from './measures.ts'

/** Measures that are octets come last; they alone may pass 2³². */
export const COUNTS = 5
export const OCTETS = MEASURES.length - COUNTS

/** Counts of so many rows, column by column; and for pairs of row and reason, what the reason has of the row's denials. */
export interface Columns {
  readonly counts: Uint32Array
  readonly octets: Float64Array
  readonly reasonRows: Uint32Array
  readonly reasonCounts: Uint32Array
  readonly reasonNumbers: Uint8Array
}

/** 36 octets a row and 9 a pair before they are compressed. */
export function makeColumns(rows: number, pairs: number): Columns {
  return {
    counts: new Uint32Array(rows * COUNTS),
    octets: new Float64Array(rows * OCTETS),
    reasonRows: new Uint32Array(pairs),
    reasonCounts: new Uint32Array(pairs),
    reasonNumbers: new Uint8Array(pairs),
  }
}

const PAIR_BYTES = 4 + 4 + 1

/** Compressed: most counts are small, and a week has a million rows. In the order of octets of this machine. */
export function pack({ octets, counts, reasonRows, reasonCounts, reasonNumbers }: Columns): Uint8Array {
  const parts = [octets, counts, reasonRows, reasonCounts, reasonNumbers]
  const packed = deflateRawSync(
    Buffer.concat(parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))),
    { level: 1 },
  )
  // A part of a larger block would keep all of that.
  return new Uint8Array(packed)
}

/** Throws where `packed` is not the columns of so many rows. */
export function unpack(packed: Uint8Array, rows: number): Columns {
  const rowBytes = rows * (OCTETS * 8 + COUNTS * 4)
  const maxOutputLength = Math.max(1, rowBytes + rows * REASON_LIMIT * PAIR_BYTES)
  // One block of about the right size, instead of many that would have to be joined.
  const chunkSize = Math.max(1_024, rowBytes + rows * PAIR_BYTES)
  const { buffer, byteOffset, byteLength } = inflateRawSync(packed, { maxOutputLength, chunkSize })
  const pairs = (byteLength - rowBytes) / PAIR_BYTES
  if (!Number.isInteger(pairs) || pairs < 0) throw new Error('a step in it has not the length of its rows')
  // Small blocks lie anywhere in one that Node shares.
  const isAligned = byteOffset % 8 === 0
  const whole = isAligned ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)
  const start = isAligned ? byteOffset : 0
  const pairsAt = start + rowBytes
  return {
    octets: new Float64Array(whole, start, rows * OCTETS),
    counts: new Uint32Array(whole, start + rows * OCTETS * 8, rows * COUNTS),
    reasonRows: new Uint32Array(whole, pairsAt, pairs),
    reasonCounts: new Uint32Array(whole, pairsAt + 4 * pairs, pairs),
    reasonNumbers: new Uint8Array(whole, pairsAt + 8 * pairs, pairs),
  }
}

/** Reasons that there may ever be. */
export const REASON_LIMIT = 64
