import { mkdirSync } from 'node:fs'
import { z } from 'zod'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { systemUser } from '../base/system-users.ts'
import { BoundedLog } from './bounded-log.ts'
import { noteLost } from './lost-records.ts'

export const COMMIT_SCHEMA = 'clawgress.commit/1'

const generation = z.string().regex(/^[0-9a-f]{16}$/)

/** What a change of configuration or policy did to what is enforced. */
export const commitRecord = z
  .strictObject({
    schema: z.literal(COMMIT_SCHEMA),
    event: z
      .enum(['live', 'failed', 'removed'])
      .describe(
        '`live`: proven in force. `failed`: nothing changed, unless the problems say otherwise. `removed`: clients are no longer policed.',
      ),
    time: z.iso.datetime({ precision: 3 }),
    user: z.string().max(256).describe('Who asked for it.'),
    generation: generation.optional().describe('What the change was to put in force.'),
    source: z.string().max(4096).optional().describe('The policy file, as the operator named it.'),
    summary: z.string().max(2048).optional().describe('How the policy differs from the one before.'),
    milliseconds: z.int().min(0).optional(),
    problems: z
      .array(z.strictObject({ code: z.string().max(64), message: z.string().max(2048) }))
      .max(20)
      .optional(),
  })
  .describe('A commit.')

export type CommitRecord = z.infer<typeof commitRecord>

/** Adds a line to `${log}/commits.jsonl`, for the daemon. Never throws: a commit does not fail for its record. */
export function appendCommit(layout: Layout, record: Omit<CommitRecord, 'schema' | 'time'>): void {
  const line: CommitRecord = { schema: COMMIT_SCHEMA, time: new Date().toISOString(), ...record }
  try {
    mkdirSync(layout.log, { recursive: true })
    const log = new BoundedLog(runtimePaths(layout).commits, systemUser('clawgress')?.gid)
    const isWritten = log.writeLine(JSON.stringify(line))
    log.close()
    if (isWritten) return
  } catch {
    // The history and the command's own output have it.
  }
  noteLost(layout, 'commit')
}
