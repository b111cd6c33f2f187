import { z } from 'zod'
import { policyJsonSchema } from '../../policy/index.ts'
import { rollbackBody } from './routes/policy-change.ts'

/** What of the description does not come from the routes. */
export const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Clawgress',
    version: '1',
    description:
      'Submit policies, know that they are live, and see what agents are denied. docs/api.md tells how to begin.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  security: [{ bearer: [] }, { header: [] }],
  components: {
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer' },
      header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    },
  },
} as const

/** What is no JSON: the routes' schemas do not say so. */
const TYPES = {
  '/clawgress/metrics': 'text/plain',
  '/clawgress/denies/stream': 'text/event-stream',
  '/clawgress/records/stream': 'text/event-stream',
} as const

interface Operation {
  requestBody?: unknown
  responses?: Record<string, { content?: Record<string, unknown> }>
}

interface Document {
  paths?: Record<string, Record<string, Operation> | undefined>
}

/** Bodies are described here, because routes that pass them on do not parse them. */
export function withBodies<Described extends object>(described: Described): Described {
  const { paths = {} } = described as Document
  const { $schema: _dialect, ...policy } = policyJsonSchema() as Record<string, unknown>
  const bodies = { '/clawgress/policy': policy, '/clawgress/policy/rollback': jsonSchemaOf(rollbackBody) }
  for (const [path, schema] of Object.entries(bodies)) {
    const operation = paths[path]?.post
    if (operation !== undefined) operation.requestBody = { required: true, content: contentOf(schema) }
  }
  for (const [path, type] of Object.entries(TYPES)) {
    const answer = paths[path]?.get?.responses?.['200']
    if (answer?.content?.['application/json'] !== undefined)
      answer.content = { [type]: answer.content['application/json'] }
  }
  return described
}

function contentOf(schema: object): object {
  const form = {
    type: 'object',
    required: ['data'],
    properties: {
      data: { type: 'string', contentMediaType: 'application/json', description: 'The JSON body, as text.' },
      key: { type: 'string', description: 'The API key, where no header carries it.' },
    },
    additionalProperties: false,
  }
  return {
    'application/json': { schema },
    'multipart/form-data': { schema: form },
    'application/x-www-form-urlencoded': { schema: form },
  }
}

function jsonSchemaOf(type: z.ZodType): object {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(type) as Record<string, unknown>
  return schema
}
