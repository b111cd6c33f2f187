import { z } from 'zod'
import type { ErrorCode } from '../../base/error-catalogue.ts'
import { ClawgressError, formatProblem, type Problem } from '../../base/errors.ts'

/** VyOS's manner (vyos-1x, src/services/api/rest/models.py): `error` is a sentence, or null. */
export const success = <Data>(data: Data) => ({ success: true as const, data, error: null })

export const successOf = <Data extends z.ZodType>(data: Data) =>
  z.object({ success: z.literal(true), data, error: z.null() })

export const problem = z.object({
  code: z.string().describe('docs/api.md lists them'),
  message: z.string(),
  path: z.string().optional(),
  file: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
})

/** What is wrong as sentences, and the same for programs. */
export const failure = z.object({
  success: z.literal(false),
  data: z.object({ problems: z.array(problem) }),
  error: z.string(),
})

const MAX_PROBLEMS = 51

export function failureOf(problems: readonly Problem[]): z.infer<typeof failure> {
  const shown = problems.slice(0, MAX_PROBLEMS)
  return {
    success: false,
    data: { problems: shown.map((each) => ({ ...each })) },
    error: shown.map(formatProblem).join('\n'),
  }
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  'api.key': 401,
  'api.key-expired': 401,
  'api.forbidden': 403,
  'api.not-found': 404,
  'api.slow': 408,
  'api.size': 413,
  'api.type': 415,
  'api.rate': 429,
  'api.request': 400,
  'policy.outdated': 412,
  'policy.file': 409,
  'policy.version': 404,
  'config.value': 400,
  'config.syntax': 400,
  'config.missing': 409,
  'config.conflict': 409,
  'apply.busy': 409,
  'apply.disk-full': 507,
  'system.unreachable': 503,
}

/** HTTP status of a refusal (RFC 9110 section 15): what the first problem stands for. */
export function statusOf(problems: readonly Problem[]): number {
  const code = problems[0]?.code
  if (code === undefined) return 500
  return STATUS[code] ?? (code.startsWith('policy.') ? 422 : 500)
}

/** For everything that is answered. */
export const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const

/** Of the answer to who is refused. Strangers get one answer a connection: the next costs them another. */
export function refusalHeaders(problems: readonly Problem[]): Readonly<Record<string, string>> {
  const status = statusOf(problems)
  return {
    ...HEADERS,
    'content-type': 'application/json; charset=utf-8',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(problems[0]?.code === 'apply.busy' || status === 429 ? { 'retry-after': '1' } : {}),
    ...([401, 403, 429].includes(status) ? { connection: 'close' } : {}),
  }
}

/** What the router says of a path before any route is found, in words that hold nothing of it. */
const PATH_ERRORS = ['FST_ERR_BAD_URL', 'FST_ERR_MAX_PARAM_LENGTH']

/** What the reader of forms calls too large. */
const TOO_MANY = ['FST_PARTS_LIMIT', 'FST_FIELDS_LIMIT', 'FST_FILES_LIMIT']

/** Any error as problems; what is not meant for callers is named and not shown. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ClawgressError) return error.problems
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string }
  if (TOO_MANY.includes(code ?? ''))
    return [
      { code: 'api.request', message: 'The form must have the fields data and key, each once, and nothing else.' },
    ]
  if (statusCode === 413 || code === 'FST_REQ_FILE_TOO_LARGE')
    return [{ code: 'api.size', message: 'The body is larger than this request may be.' }]
  if (statusCode === 415)
    return [{ code: 'api.type', message: 'The body must be application/json, or a form with the fields data and key.' }]
  if (PATH_ERRORS.includes(code ?? ''))
    return [{ code: 'api.request', message: 'The path of the request is malformed, or longer than any that there is.' }]
  if (statusCode !== undefined && statusCode < 500)
    return [{ code: 'api.request', message: `The request is not understood: ${message ?? 'it is malformed'}.` }]
  if (code === 'ENOSPC') return [{ code: 'apply.disk-full', message: 'The disk of the gateway is full.' }]
  return [{ code: 'internal.bug', message: 'The gateway made a mistake with this request; nothing more was done.' }]
}
