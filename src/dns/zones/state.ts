import { z } from 'zod'
import { fail } from '../../base/errors.ts'
import type { ZoneName } from './zone-names.ts'

/** Identity of a zone's contents. */
export interface ZoneVersion {
  /** 16 hex digits over action and entries. */
  readonly hash: string
  /** SOA serial: rises by one with every change. */
  readonly serial: number
  readonly entries: number
}

export interface ViewState {
  readonly view: string
  readonly groupId: number
  readonly zones: Readonly<Record<ZoneName, ZoneVersion>>
}

/** What the zones of a generation hold; stored beside them, so that the next commit can build on them. */
export interface ZoneState {
  readonly format: 1
  readonly generation: string
  readonly denyAnswer: 'nxdomain' | 'nodata'
  readonly views: readonly ViewState[]
}

const version = z.strictObject({
  hash: z.string().regex(/^[0-9a-f]{16}$/),
  serial: z.int().min(1).max(0xffffffff),
  entries: z.int().min(0),
})

const state = z.strictObject({
  format: z.literal(1),
  generation: z.string().regex(/^[0-9a-f]{1,64}$/),
  denyAnswer: z.enum(['nxdomain', 'nodata']),
  views: z
    .array(
      z.strictObject({
        view: z.string().regex(/^g[0-9]{1,5}$/),
        groupId: z.int().min(0).max(65_535),
        zones: z.strictObject({ g: version, r: version, o: version, b: version, d: version }),
      }),
    )
    .max(65_536),
})

/** Reads a stored state; throws `internal.bug` where it is none. */
export function parseZoneState(text: string): ZoneState {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  const parsed = state.safeParse(value)
  if (!parsed.success)
    fail('internal.bug', 'The stored state of the DNS zones cannot be read; commit again to rebuild it.')
  return parsed.data
}
