import { z } from 'zod'
import { DIMENSIONS, MEASURES } from '../../telemetry/measures.ts'
import { MAX_TOP } from '../../telemetry/telemetry.ts'
import { WINDOWS } from '../../telemetry/timeline.ts'
import type { ApiContext, ApiServer } from '../context.ts'
import { failure, success, successOf } from '../reply.ts'

const DIMENSION = z.enum([...DIMENSIONS.filter((each) => each !== 'all'), 'reason'])
const window = z.enum(WINDOWS).default('1h').describe('How far back.')

const row = z
  .looseObject({ key: z.string(), denialsByReason: z.record(z.string(), z.number()) })
  .describe('With a number for each measure, or null where it cannot be known.')
const refusals = { '4xx': failure, '5xx': failure }

/** The routes that show what was counted. */
export function telemetryRoutes(app: ApiServer, { telemetry, metricsText }: ApiContext): void {
  app.get(
    '/clawgress/telemetry',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Queries, denials, flows and octets of a time, in all and of the busiest',
        querystring: z.strictObject({
          window,
          by: DIMENSION.optional().describe('Absent: only the total.'),
          top: z.coerce.number().int().min(1).max(MAX_TOP).default(10),
          order: z.enum(MEASURES).default('denials').describe('What makes a row busy.'),
        }),
        response: {
          200: successOf(
            z.looseObject({ window: z.string(), time: z.string(), total: row, rows: z.array(row), more: z.int() }),
          ),
          ...refusals,
        },
      },
    },
    async ({ query: { by, ...query } }) => {
      const answer = await telemetry.query({ ...query, ...(by === undefined ? {} : { by }) })
      return success({ ...answer, total: { ...answer.total }, rows: answer.rows.map((each) => ({ ...each })) })
    },
  )

  app.get(
    '/clawgress/telemetry/series',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'The whole over time, oldest first',
        querystring: z.strictObject({ window }),
        response: { 200: successOf(z.array(z.object({ time: z.string(), total: row }))), ...refusals },
      },
    },
    async ({ query }) =>
      success((await telemetry.series(query.window)).map(({ time, total }) => ({ time, total: { ...total } }))),
  )

  app.get(
    '/clawgress/metrics',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'For Prometheus, which sends the key as a bearer token',
        response: { 200: z.string().describe("Prometheus' text format."), ...refusals },
      },
    },
    async (_request, reply) => {
      const { text, contentType } = await metricsText()
      return reply.type(contentType).serializer(String).send(text)
    },
  )
}
