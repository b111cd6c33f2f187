import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import Fastify, { type FastifyReply } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { fail } from '../../base/errors.ts'
import { Access } from './access.ts'
import { admitting } from './admission.ts'
import type { ApiContext, ApiServer, RegisterRoutes } from './context.ts'
import { OPENAPI, withBodies } from './openapi.ts'
import { failureOf, HEADERS, problemsOf, refusalHeaders, statusOf } from './reply.ts'
import { alertRoutes } from './routes/alerts.ts'
import { policyRoutes } from './routes/policy.ts'
import { policyChangeRoutes } from './routes/policy-change.ts'
import { recordRoutes } from './routes/records.ts'
import { schemaRoutes } from './routes/schemas.ts'
import { statusRoutes } from './routes/status.ts'
import { telemetryRoutes } from './routes/telemetry.ts'

/** Octets; routes that take policies have limits of their own. */
const MAX_BODY = 64 << 10
/** Requests a second of one key, or of one client without a valid one. */
const MAX_RATE = 500

/**
 * Everything the API answers, without a server: listen.ts hands requests to its `answer`. `more` adds routes of other parts; `rate`
 * is how many requests a key, or a client without one, may make in a second.
 */
export async function buildApp(
  context: ApiContext,
  more: readonly RegisterRoutes[] = [],
  rate = MAX_RATE,
): Promise<ApiServer> {
  const app: ApiServer = Fastify({
    bodyLimit: MAX_BODY,
    routerOptions: { maxParamLength: 200 },
    // Rejects keys such as __proto__ in bodies that are parsed here; policies have a reader of their own.
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    frameworkErrors: (error, _request, reply) => void refuse(error, reply),
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.decorateRequest('caller', undefined)
  app.decorateRequest('isStillAdmitted', () => false)
  const access = new Access(context.settings)
  app.decorate(
    'answer',
    admitting(access, context.settings, rate, (request, response) => app.routing(request, response)),
  )
  app.addHook('onRequest', async (request, reply) => {
    request.caller = access.recognise(request.raw)
    reply.headers(HEADERS)
    access.admitHead(request, reply)
  })
  app.setErrorHandler((error, { raw }, reply) => {
    // Nobody reads the rest, which Node waits for where a body was begun.
    if (raw.readableDidRead && !raw.complete) reply.header('connection', 'close')
    return refuse(error, reply)
  })
  app.setNotFoundHandler({}, async ({ method, url }) =>
    fail(
      'api.not-found',
      `There is no ${method} ${url.split('?')[0]!.slice(0, 200)}; /clawgress/openapi.json lists what there is.`,
    ),
  )
  const options: Record<
    keyof Pick<FastifyDynamicSwaggerOptions, 'openapi' | 'transform' | 'transformObject'>,
    unknown
  > = {
    openapi: OPENAPI,
    transform: jsonSchemaTransform,
    transformObject: ({ openapiObject }: { openapiObject: object }) => withBodies(openapiObject),
  }
  await app.register(swagger, options as FastifyDynamicSwaggerOptions)
  await app.register(async (scope) => {
    const routes = scope as unknown as ApiServer
    statusRoutes(routes, context)
    policyRoutes(routes, context)
    recordRoutes(routes, context)
    telemetryRoutes(routes, context)
    alertRoutes(routes, context)
    schemaRoutes(routes)
    await routes.register((inner) => policyChangeRoutes(inner as unknown as ApiServer, context, access))
    for (const register of more) await register(routes, context)
  })
  await app.ready()
  return app
}

function refuse(error: unknown, reply: FastifyReply): FastifyReply {
  const problems = problemsOf(error)
  return reply
    .code(statusOf(problems))
    .headers(refusalHeaders(problems))
    .serializer(JSON.stringify)
    .send(failureOf(problems))
}
