import { z } from 'zod'
import { policyJsonSchema } from '../../../policy/index.ts'
import { recordJsonSchema } from '../../records/kinds/record-kinds.ts'
import type { ApiServer } from '../context.ts'
import { failure } from '../reply.ts'

/** The published JSON Schemas, and the description of the API itself. */
export function schemaRoutes(app: ApiServer): void {
  const schemas = { policy: policyJsonSchema(), record: recordJsonSchema() }
  for (const [name, schema] of Object.entries(schemas))
    app.get(
      `/clawgress/schema/${name}`,
      {
        config: { role: 'viewer' },
        schema: {
          summary: `JSON Schema of a ${name}`,
          response: { 200: z.looseObject({}), '4xx': failure, '5xx': failure },
        },
      },
      () => schema as Record<string, unknown>,
    )
  app.get(
    '/clawgress/openapi.json',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'This description, OpenAPI 3.1',
        response: { 200: z.looseObject({}), '4xx': failure, '5xx': failure },
      },
    },
    () => app.swagger() as unknown as Record<string, unknown>,
  )
}
