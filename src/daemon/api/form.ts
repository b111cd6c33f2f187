import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { ClawgressError, fail } from '../../base/errors.ts'

/** Octets. Forms are held in memory, and read before the key in them is known. */
export const MAX_FORM = 4 << 20

/** VyOS's own way of calling: the fields `data` and `key`. */
export interface Form {
  readonly data?: string
  readonly key?: string
}

const NAMES = ['data', 'key'] as const

/** The fields of a form, whichever of both kinds it is; undefined where the body is none. Throws ClawgressError. */
export async function readForm(request: FastifyRequest): Promise<Form | undefined> {
  if (request.isMultipart()) return readMultipart(request).catch(malformed)
  const { body } = request
  if (body instanceof Readable || typeof body !== 'object' || body === null) return undefined
  const form: Record<string, string> = {}
  for (const [name, value] of Object.entries(body)) add(form, name, value)
  return form
}

async function readMultipart(request: FastifyRequest): Promise<Form> {
  const form: Record<string, string> = {}
  const limits = { fields: 2, files: 1, parts: 2, fieldNameSize: 16, fieldSize: MAX_FORM, fileSize: MAX_FORM }
  for await (const part of request.parts({ limits })) {
    if (part.type === 'field') {
      if (part.valueTruncated) tooLarge()
      add(form, part.fieldname, part.value)
    } else {
      const content = await part.toBuffer()
      if (part.file.truncated) tooLarge()
      add(form, part.fieldname, content.toString('utf8'))
    }
  }
  return form
}

/** The parser's own errors have no kind that tells whose fault they are. */
function malformed(error: unknown): never {
  const { statusCode } = error as { statusCode?: number }
  if (error instanceof ClawgressError || statusCode !== undefined) throw error
  return fail('api.request', 'The form is malformed: it must be multipart/form-data with a boundary.')
}

const tooLarge = (): never =>
  fail(
    'api.size',
    `A form may have ${MAX_FORM} octets; send larger policies as application/json, with the key in X-API-Key.`,
  )

function add(form: Record<string, string>, name: string, value: unknown): void {
  if (!NAMES.includes(name as (typeof NAMES)[number]) || typeof value !== 'string' || form[name] !== undefined)
    fail(
      'api.request',
      'The form must have the fields data and key, each once; a body that is JSON itself needs Content-Type: application/json.',
    )
  form[name] = value
}
