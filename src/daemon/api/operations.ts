import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type ActivationResult, activationResult } from '../../services/index.ts'
import { failureOf, problem, problemsOf } from './reply.ts'

/** What a change became of which the caller did not wait for the end. */
export const operationView = z.object({
  id: z.uuid(),
  kind: z.enum(['check', 'import', 'rollback']),
  user: z.string(),
  state: z.enum(['running', 'succeeded', 'failed']),
  started: z.iso.datetime(),
  ended: z.iso.datetime().optional(),
  result: activationResult.optional(),
  error: z.string().optional(),
  problems: z.array(problem).optional().describe('The same as error, for programs.'),
})

export type OperationView = z.infer<typeof operationView>

/** Kept for whoever polls; the oldest are forgotten first. */
const KEEP = 64

/** After it a change is answered with an operation to poll, milliseconds. */
const PATIENCE_MS = 5_000

/** Changes under way and the last that ended. They live as long as the daemon: what is live tells the status. */
export class Operations {
  private readonly views = new Map<string, OperationView>()
  private readonly patienceMs: number

  /** @param patienceMs how long a caller waits, milliseconds */
  constructor(patienceMs: number = PATIENCE_MS) {
    this.patienceMs = patienceMs
  }

  get(id: string): OperationView | undefined {
    return this.views.get(id)
  }

  /**
   * Waits as long as a caller does for a change; gives its result, or the operation to poll. Rejects as the change does.
   */
  async follow(
    about: Pick<OperationView, 'kind' | 'user'>,
    change: Promise<ActivationResult>,
  ): Promise<ActivationResult | OperationView> {
    const view: OperationView = { id: randomUUID(), ...about, state: 'running', started: new Date().toISOString() }
    const patience = new AbortController()
    // It fails only by being given up, where the change was faster.
    const tooLong = sleep(this.patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)
    const first = await Promise.race([change, tooLong]).finally(() => patience.abort())
    if (first !== undefined) return first
    this.remember(view)
    void change.then(
      (result) => this.remember({ ...view, state: 'succeeded', ended: new Date().toISOString(), result }),
      (error: unknown) => {
        const { error: said, data } = failureOf(problemsOf(error))
        this.remember({ ...view, state: 'failed', ended: new Date().toISOString(), error: said, ...data })
      },
    )
    return view
  }

  private remember(view: OperationView): void {
    this.views.set(view.id, view)
    if (this.views.size > KEEP) this.views.delete(this.views.keys().next().value!)
  }
}
