import { join } from 'node:path'
import { z } from 'zod'
import { alertShape } from './alert.ts'
import { StateFile } from './state-file.ts'
import { baselineShape } from './violation-spike.ts'

const toldShape = z.strictObject({
  version: z.literal(1),
  alerts: z.array(alertShape),
  /** By webhook, then by fingerprint: what the receiver was told last. */
  delivered: z.record(z.string(), z.record(z.string(), z.string())),
})

const learntShape = z.strictObject({
  version: z.literal(1),
  baselines: baselineShape,
  clients: z.array(z.string().max(45)),
  /** Milliseconds that denials have been watched. */
  watchedMs: z.number().min(0).default(0),
})

/** Which alerts fire, and who was told. */
export type Told = z.infer<typeof toldShape>
/** What is usual. */
export type Learnt = z.infer<typeof learntShape>

/** The files of what must survive a restart. */
export const toldFile = (folder: string) => new StateFile(join(folder, 'state.json'), toldShape)
export const learntFile = (folder: string) => new StateFile(join(folder, 'learnt.json'), learntShape)
