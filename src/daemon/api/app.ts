import rateLimit from '@fastify/rate-limit'
import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import Fastify from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { ClawgressError, fail } from '../../base/errors.ts'
import { Access, clientKey } from './access.ts'
import type { ApiContext, ApiServer, RegisterRoutes } from './context.ts'
import { OPENAPI, withBodies } from './openapi.ts'
import { failureOf, problemsOf, statusOf } from './reply.ts'
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
const MOST_CLIENTS = 5_000

/**
 * Everything the API answers, without a server: listen.ts hands requests in. `more` adds routes of other parts; `rate`
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
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.decorateRequest('caller', undefined)
  app.decorateRequest('isStillAdmitted', () => false)
  const access = new Access(context.settings)
  app.addHook('onRequest', async (request, reply) => {
    access.recognise(request)
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })
  await app.register(rateLimit, {
    global: false,
    max: rate,
    timeWindow: 1000,
    cache: MOST_CLIENTS,
    keyGenerator: ({ ip, caller }) => (caller === undefined ? clientKey(ip) : `key ${caller.id}`),
    errorResponseBuilder: () =>
      new ClawgressError({ code: 'api.rate', message: `More than ${rate} requests came within a second.` }),
  })
  // Of its own, before the key is looked at: the hook of a route would come after it, and count no stranger.
  app.addHook('onRequest', app.rateLimit())
  app.addHook('onRequest', async (request, reply) => access.admitHead(request, reply))
  app.setErrorHandler((error, _request, reply) => {
    const problems = problemsOf(error)
    const status = statusOf(problems)
    if (status === 401) reply.header('www-authenticate', 'Bearer')
    if (problems[0]?.code === 'apply.busy' || status === 429) reply.header('retry-after', '1')
    return reply
      .code(status)
      .type('application/json; charset=utf-8')
      .serializer(JSON.stringify)
      .send(failureOf(problems))
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
