import { z } from 'zod'
import type { ApiContext, ApiServer, StatusView } from '../context.ts'
import { failure, success, successOf } from '../reply.ts'

/** Asked more often, the status is as old as this, milliseconds. */
const FRESH_MS = 1_000

const health = z.object({
  live: z.literal(true).describe('The daemon answers.'),
  ready: z.boolean().describe('The proven policy is enforced.'),
})

/** The routes that say how the gateway is. */
export function statusRoutes(app: ApiServer, { plan, views }: ApiContext): void {
  let asked: { readonly at: number; readonly of: string | undefined; readonly status: Promise<StatusView> } | undefined
  const status = (): Promise<StatusView> => {
    const generation = plan()?.generation
    const age = Date.now() - (asked?.at ?? 0)
    // What was live a moment ago is no answer to who has just activated something else.
    if (asked === undefined || asked.of !== generation || age >= FRESH_MS || age < 0)
      asked = { at: Date.now(), of: generation, status: views.status() }
    return asked.status
  }

  app.get(
    '/clawgress/status',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Is the policy enforced, since when, and is anything wrong',
        response: {
          200: successOf(z.looseObject({ enforcing: z.boolean(), troubles: z.array(z.string()) })),
          '4xx': failure,
          '5xx': failure,
        },
      },
    },
    async (_request, reply) => {
      const data = await status()
      if (typeof data.generation === 'string') reply.header('etag', `"${data.generation}"`)
      return success({ ...data, troubles: [...data.troubles] })
    },
  )

  app.get(
    '/clawgress/health',
    {
      config: { open: true },
      schema: {
        summary: 'For load balancers and monitoring; needs no key',
        security: [],
        response: { 200: successOf(health), 503: successOf(health), '4xx': failure, '5xx': failure },
      },
    },
    async (_request, reply) => {
      const { enforcing } = await status()
      return reply.code(enforcing ? 200 : 503).send(success({ live: true as const, ready: enforcing }))
    },
  )
}
