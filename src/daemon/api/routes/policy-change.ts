import { Readable } from 'node:stream'
import formBody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { fail } from '../../../base/errors.ts'
import { runtimePaths } from '../../../base/layout.ts'
import { type ActivationRequest, activationResult, type Handed, requestActivation } from '../../../services/index.ts'
import type { Access } from '../access.ts'
import { textOf } from '../body.ts'
import type { ApiContext, ApiServer } from '../context.ts'
import { type Form, MAX_FORM, readForm } from '../form.ts'
import { mayActAs } from '../keys.ts'
import { type OperationView, operationView } from '../operations.ts'
import { failure, success, successOf } from '../reply.ts'
import { Uploads } from '../uploads.ts'

const MAX_ROLLBACK = 4096

const answers = {
  200: successOf(activationResult),
  202: successOf(operationView),
  '4xx': failure,
  '5xx': failure,
}

const flag = z
  .enum(['true', 'false'])
  .optional()
  .transform((text) => text === 'true')

/** The routes that change what is enforced. Root does the work; here it is only asked for. */
export async function policyChangeRoutes(app: ApiServer, context: ApiContext, access: Access): Promise<void> {
  app.removeAllContentTypeParsers()
  // A policy goes on to root as it comes in: it is never held here, and its reader tells line and column.
  app.addContentTypeParser('application/json', (_request, payload, done) => done(null, payload))
  await app.register(formBody, { bodyLimit: MAX_FORM })
  await app.register(multipart)

  const uploads = new Uploads()
  let isCommitting = false

  app.post(
    '/clawgress/policy',
    {
      config: { role: 'operator', formKey: true },
      schema: {
        summary: 'Activate a policy, or try it',
        description:
          'Answers when the new generation is proven live, or says exactly why not; nothing is changed then. Roles: operator with dry-run, otherwise admin.',
        querystring: z.strictObject({
          'dry-run': flag.describe('Say what would change; change nothing.'),
          into: z
            .enum(['file', 'config'])
            .default('file')
            .describe('In place of the policy file, or of the policy nodes of the configuration, committed and saved.'),
        }),
        headers: z.looseObject({ 'if-match': ifMatch() }),
        response: answers,
      },
    },
    async (request, reply) => {
      const { form, caller } = await enter(request)
      const { 'dry-run': isDryRun, into } = request.query
      if (isDryRun && into === 'config')
        fail('api.request', 'A policy is tried in place of the policy file alone; leave out into=config.')
      if (!isDryRun && !mayActAs(caller.role, 'admin'))
        fail('api.forbidden', `Activating is for the role admin; the key of ${caller.id} has the role ${caller.role}.`)
      const sent = form === undefined ? bodyOf(request) : Readable.from([Buffer.from(required(form))])
      const order: ActivationRequest = isDryRun
        ? { operation: 'check', user: caller.id, ...expectedOf(request) }
        : { operation: 'import', user: caller.id, into, ...expectedOf(request) }
      const data = await carryOut(order, sent)
      if ('state' in data) return reply.code(202).header('location', placeOf(data)).send(success(data))
      // What was only tried is not what is here.
      if (!isDryRun) reply.header('etag', `"${data.generation}"`)
      return reply.code(200).send(success(data))
    },
  )

  app.post(
    '/clawgress/policy/rollback',
    {
      config: { role: 'operator', formKey: true },
      schema: {
        summary: 'Activate the policy of an earlier generation again',
        headers: z.looseObject({ 'if-match': ifMatch() }),
        response: answers,
      },
    },
    async (request, reply) => {
      const { form, caller } = await enter(request)
      const text = form === undefined ? await textOf(bodyOf(request), MAX_ROLLBACK) : required(form)
      const { version } = parseRollback(text)
      const order: ActivationRequest = {
        operation: 'rollback',
        user: caller.id,
        version: String(version),
        ...expectedOf(request),
      }
      const data = await carryOut(order)
      if ('state' in data) return reply.code(202).header('location', placeOf(data)).send(success(data))
      return reply.code(200).header('etag', `"${data.generation}"`).send(success(data))
    },
  )

  async function enter(request: FastifyRequest) {
    const form = await readForm(request)
    return { form, caller: access.admitForm(request, form?.key) }
  }

  async function carryOut(order: ActivationRequest, sent?: Readable) {
    const { result } = await handOver(order, sent)
    // The patience begins when the policy is handed over.
    return context.operations.follow({ kind: order.operation, user: order.user }, result)
  }

  async function handOver(order: ActivationRequest, sent: Readable | undefined): Promise<Handed> {
    const upload = sent === undefined ? undefined : await uploads.receive(order.user, sent)
    try {
      const release = order.operation === 'import' && order.into === 'config' ? claimCommit() : () => {}
      const { activationSocket } = runtimePaths(context.layout)
      const handed = await requestActivation(activationSocket, order, upload?.policy).catch((error: unknown) => {
        release()
        throw error
      })
      return { result: handed.result.finally(release) }
    } finally {
      upload?.release()
    }
  }

  /** A commit of the configuration cannot look at If-Match under its own lock, so there is one at a time. */
  function claimCommit(): () => void {
    if (isCommitting) fail('apply.busy', 'Another policy is being committed into the configuration.')
    isCommitting = true
    return () => {
      isCommitting = false
    }
  }
}

const placeOf = ({ id }: OperationView): string => `/clawgress/operations/${id}`

function ifMatch() {
  return z
    .string()
    .max(64)
    .optional()
    .describe('Generation that the change was made for, such as "0123456789abcdef": 412 where another one is live.')
}

function expectedOf({ headers }: FastifyRequest): { expected?: string } {
  const text = headers['if-match']
  if (text === undefined || text.trim() === '*') return {}
  const [, generation] = /^ *"?([0-9a-f]{16})"? *$/.exec(text) ?? []
  if (generation === undefined)
    fail(
      'api.request',
      'If-Match must be the generation that the change was made for: 16 hexadecimal digits in quotes.',
    )
  return { expected: generation }
}

function bodyOf({ body }: FastifyRequest): Readable {
  return body instanceof Readable ? body : fail('api.request', 'The request has no body; send the policy as JSON.')
}

const required = ({ data }: Form): string => data ?? fail('api.request', 'The form has no field data.')

/** Body of a rollback. */
export const rollbackBody = z.strictObject({
  version: z
    .union([z.int().min(1).max(999_999_999), z.string().regex(/^([0-9]{1,9}|[0-9a-f]{16})$/)])
    .describe('Number or generation in the versions.'),
})

function parseRollback(text: string): z.infer<typeof rollbackBody> {
  try {
    const body = rollbackBody.safeParse(JSON.parse(text))
    // One field has no comma, and of two with the same name the parser shows the last alone.
    if (body.success && !text.includes(',')) return body.data
  } catch {
    // Said below.
  }
  return fail('api.request', 'The body must be {"version": …}, with a number or a generation of the versions.')
}
