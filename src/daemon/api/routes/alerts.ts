import { z } from 'zod'
import { alertShape } from '../../alerts/alert.ts'
import type { ApiContext, ApiServer } from '../context.ts'
import { failure, success, successOf } from '../reply.ts'

/** As `show clawgress alerts` tells it. */
export const alertReport = z.strictObject({
  firing: z.array(alertShape),
  resolved: z.array(alertShape).describe('That fired lately, the newest first.'),
  webhooks: z.array(
    z.strictObject({
      id: z.string(),
      waiting: z.int().describe('Alerts that it has not taken.'),
      failuresInRow: z.int(),
      refused: z.int().describe('Alerts that it refused for good, since the daemon started.'),
      lastSuccess: z.string().optional().describe('When it took a message last.'),
      lastError: z.string().optional(),
    }),
  ),
  leftOut: z.int().describe('Alerts that found no room beside those of the same kind since the daemon started.'),
  learningSeconds: z
    .int()
    .describe('Before first denials are told, on a new gateway; 0: they are, or they are silenced.'),
})

/** The route that shows what operators are alerted of. */
export function alertRoutes(app: ApiServer, { alerts }: ApiContext): void {
  app.get(
    '/clawgress/alerts',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Alerts that fire, those that did lately, and how webhooks fare',
        response: { 200: successOf(alertReport), '4xx': failure, '5xx': failure },
      },
    },
    () => {
      const { firing, resolved, webhooks, ...more } = alerts()
      return success({
        ...more,
        firing: [...firing],
        resolved: [...resolved],
        webhooks: webhooks.map((each) => ({ ...each })),
      })
    },
  )
}
