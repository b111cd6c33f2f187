import { REASONS, type ReasonCode } from '../../base/reasons.ts'

/** What is counted. Octets are those of flows that ended. */
export const MEASURES = ['queries', 'cacheHits', 'resolutions', 'denials', 'flows', 'bytesUp', 'bytesDown'] as const
export type Measure = (typeof MEASURES)[number]

/** By what it is counted. `all` is the gateway as a whole, with one entry. */
export const DIMENSIONS = ['all', 'client', 'group', 'name', 'label'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** Entries of each dimension that are counted by themselves at a time; what is beyond counts in the others only. */
export const DIMENSION_LIMITS: Readonly<Record<Dimension, number>> = {
  all: 1,
  client: 10_000,
  group: 1_024,
  name: 100_000,
  label: 1_024,
}

/**
 * What can be known. The name of a question that named answers from its cache passes no program of ours, and the pinner
 * is not told who asked: so questions are known by client and by group, and by name only those that were resolved.
 */
export const KNOWN: Readonly<Record<Dimension, readonly Measure[]>> = {
  all: MEASURES,
  group: MEASURES,
  client: ['queries', 'denials', 'flows', 'bytesUp', 'bytesDown'],
  name: ['resolutions', 'denials', 'flows', 'bytesUp', 'bytesDown'],
  label: ['resolutions', 'denials', 'flows', 'bytesUp', 'bytesDown'],
}

/** Numbers of reasons while the program runs; the store has their codes. */
export const REASON_CODES = Object.keys(REASONS) as readonly ReasonCode[]
export const REASON_NUMBERS: ReadonlyMap<string, number> = new Map(REASON_CODES.map((code, number) => [code, number]))
