import { z } from 'zod'
import type { Problem } from '../../base/errors.ts'

/** One request a line; one reply a line, in the order in which the work is done. */
export const requestSchema = z.strictObject({
  id: z.int().nonnegative(),
  command: z.enum(['start', 'stop', 'restart', 'reload', 'status', 'shutdown']),
  unit: z.string().max(64).optional(),
})

export type SupervisorRequest = z.infer<typeof requestSchema>

export type SupervisorReply =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly problems: readonly Problem[] }

/** Characters. */
export const MAX_REQUEST = 1024
export const MAX_REPLY = 65_536
