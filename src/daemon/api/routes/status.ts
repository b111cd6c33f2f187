import { z } from 'zod'
import type { ApiContext, ApiServer, StatusView } from '../context.ts'
import { failure, success, successOf } from '../reply.ts'

/** Milliseconds after which a status is made anew, and after which the one before is not shown meanwhile. */
const FRESH_MS = 1_000
const STALE_MS = 5_000

const health = z.object({
  live: z.literal(true).describe('The daemon answers.'),
  ready: z.boolean().describe('The proven policy is enforced.'),
})

/** The routes that say how the gateway is. */
export function statusRoutes(app: ApiServer, { plan, views }: ApiContext): void {
  const status = latest(
    () => plan()?.generation,
    () => views.status(),
  )

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

/**
 * The newest status, made at most once a second: who asks meanwhile gets the one before, unless it is of another
 * generation. What was live a moment ago is no answer to who has just activated something else.
 */
function latest(generation: () => string | undefined, make: () => Promise<StatusView>): () => Promise<StatusView> {
  let made: { readonly at: number; readonly of: string | undefined; readonly status: StatusView } | undefined
  let making: { readonly of: string | undefined; readonly status: Promise<StatusView> } | undefined
  const begin = (of: string | undefined) => {
    const at = Date.now()
    const status = make().then((done) => {
      made = { at, of, status: done }
      return done
    })
    const begun = { of, status }
    making = begun
    const end = () => {
      if (making === begun) making = undefined
    }
    status.then(end, end)
    return status
  }
  return () => {
    const of = generation()
    const age = made === undefined || made.of !== of ? STALE_MS : Math.abs(Date.now() - made.at)
    const next = age < FRESH_MS ? undefined : making?.of === of && making !== undefined ? making.status : begin(of)
    return next === undefined || age < STALE_MS ? Promise.resolve(made!.status) : next
  }
}
