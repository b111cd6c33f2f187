import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { fail } from '../../../base/errors.ts'
import type { Plan } from '../../../plan/types.ts'
import { ReadingTurns } from '../../records/reading/reading-turns.ts'
import type { ApiContext, ApiServer } from '../context.ts'
import { operationView } from '../operations.ts'
import { failure, success, successOf } from '../reply.ts'

const version = z
  .string()
  .regex(/^([0-9]{1,9}|[0-9a-f]{16})$/)
  .optional()
  .describe('Number or generation in the versions.')

const refusals = { '4xx': failure, '5xx': failure }

/** The routes that show what is enforced and what it comes from. */
export function policyRoutes(app: ApiServer, { plan, views, operations }: ApiContext): void {
  const live = (): Plan => plan() ?? fail('config.missing', 'No policy is live; configure service clawgress first.')
  const turns = new ReadingTurns()

  app.get(
    '/clawgress/policy',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'The live policy, as it was submitted',
        response: {
          200: successOf(
            z.object({ generation: z.string(), policy: z.looseObject({}).describe('schema/policy describes it') }),
          ),
          ...refusals,
        },
      },
    },
    async (_request, reply) => {
      const live = views.policy()
      const policy = 'text' in live ? Readable.from([live.text]) : await opened(live.file)
      return reply
        .header('etag', `"${live.generation}"`)
        .type('application/json; charset=utf-8')
        .serializer((text: string) => text)
        .send(Readable.from(enveloped(live.generation, policy)) as never)
    },
  )

  app.get(
    '/clawgress/policy/versions',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Policies that were activated, newest first',
        response: { 200: successOf(z.array(z.looseObject({}))), ...refusals },
      },
    },
    () => success([...views.versions()] as Record<string, unknown>[]),
  )

  app.get(
    '/clawgress/policy/diff',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'What differs between two versions in meaning; without any, what the last change did',
        querystring: z.strictObject({ from: version, to: version }),
        response: { 200: successOf(z.looseObject({})), ...refusals },
      },
    },
    async ({ query: { from, to }, caller }) => {
      const difference = await turns.take(caller!.id, async () => {
        // Large policies take half a second to compare, and the rest of the program comes in between.
        await setImmediate()
        return views.difference(from, to)
      })
      return success(difference as Record<string, unknown>)
    },
  )

  app.get(
    '/clawgress/policy/test',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Would this be allowed by the live policy, and which line says so',
        querystring: z.strictObject({
          name: z.string().min(1).max(1024).optional().describe('Domain name, or an address.'),
          client: z.string().max(64).optional().describe('Address of who asks; absent: the default group.'),
          address: z.string().max(64).optional().describe('Address that the name resolved to.'),
          port: z.coerce.number().int().min(1).max(65535).optional(),
          protocol: z.enum(['tcp', 'udp']).optional(),
        }),
        response: {
          200: successOf(z.looseObject({ verdict: z.enum(['allow', 'deny']), reason: z.string() })),
          ...refusals,
        },
      },
    },
    ({ query }) => {
      if (query.name === undefined && query.address === undefined)
        fail('api.request', 'Ask for a name, or an address: ?name=api.openai.com&port=443.')
      const question = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
      return success(views.test(live(), question) as { verdict: 'allow' | 'deny'; reason: string })
    },
  )

  app.get(
    '/clawgress/operations/:id',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'What became of a change that took long',
        params: z.object({ id: z.uuid() }),
        response: { 200: successOf(operationView), ...refusals },
      },
    },
    ({ params }) =>
      success(
        operations.get(params.id) ??
          fail(
            'api.not-found',
            'There is no such operation; the daemon may have been started anew. The status tells what is live.',
          ),
      ),
  )
}

async function opened(path: string): Promise<Readable> {
  const file = await open(path).catch(() => fail('policy.file', 'The live policy cannot be read; commit again.'))
  return file.createReadStream()
}

async function* enveloped(generation: string, policy: Readable): AsyncIterable<Buffer | string> {
  yield `{"success":true,"error":null,"data":{"generation":"${generation}","policy":`
  yield* policy
  yield '}}\n'
}
