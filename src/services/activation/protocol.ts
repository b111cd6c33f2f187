import { z } from 'zod'
import type { Problem } from '../../base/errors.ts'

/** Who asked the daemon: the name of an API key. */
const user = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/)
const generation = z.string().regex(/^[0-9a-f]{16}$/)

/**
 * What the daemon may ask root for, and nothing else: to try a policy, to activate one, to go back to an earlier one.
 * It names no path and no program; where the policy goes is what was committed.
 */
export const activationRequest = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('check'), user, expected: z.exactOptional(generation) }),
  z.strictObject({
    operation: z.literal('import'),
    user,
    expected: z.exactOptional(generation),
    /** In place of the policy file, or of the nodes of the configuration, which are committed and saved. */
    into: z.enum(['file', 'config']),
  }),
  z.strictObject({
    operation: z.literal('rollback'),
    user,
    /** Number or identifier of a generation in the history. */
    version: z.string().regex(/^([0-9]{1,9}|[0-9a-f]{16})$/),
    expected: z.exactOptional(generation),
  }),
])

export type ActivationRequest = z.infer<typeof activationRequest>

/** What was done, or would be. */
export const activationResult = z.object({
  /** False: the generation is live already. */
  changed: z.boolean(),
  generation,
  /** How the policy differs from the one before: `+2 -1 ~0`. */
  summary: z.string(),
  /** For a person: warnings, the difference, and what became of open connections. */
  messages: z.array(z.string()),
  /** From the request at the gateway to the proof that it is live. Absent where nothing was activated. */
  milliseconds: z.int().min(0).exactOptional(),
})

export type ActivationResult = z.infer<typeof activationResult>

export const activationReply = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: activationResult }),
  z.object({ ok: z.literal(false), problems: z.array(z.custom<Problem>()).min(1) }),
])

export type ActivationReply = z.infer<typeof activationReply>

/** Octets of the request's line, its end included. */
export const MAX_REQUEST = 1024
/** Octets of the answer. */
export const MAX_REPLY = 4 << 20

/** A policy travels as parts with their length before them, so that one that was cut off is never taken for a whole. */
export function framed(part: Buffer): Buffer[] {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  return [length, part]
}

/** Comes after the last part. */
export const END_OF_POLICY = Buffer.alloc(4)
