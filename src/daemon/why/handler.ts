import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { clientKey, formatAddress, parseAddress } from '../../base/address.ts'
import { ClawgressError } from '../../base/errors.ts'
import type { Plan } from '../../plan/types.ts'
import type { LookUpNames } from '../records/names-behind.ts'
import { explain } from './explanation.ts'
import { CONTENT_SECURITY, type Format, formatFor, MEDIA_TYPES, printExplanation, printSentence } from './print.ts'
import { readQuestion } from './question.ts'
import { RequestRate } from './request-rate.ts'
import type { WhySettings } from './settings.ts'

export interface WhyContext {
  readonly plan: () => Plan | undefined
  readonly settings: () => Pick<WhySettings, 'name' | 'contact'>
  readonly lookUpNames?: LookUpNames
}

/** Answers `GET /why?…` about whoever asks, and says how to ask to everything else. Needs no key and changes nothing. */
export function whyHandler(context: WhyContext): RequestListener {
  const rate = new RequestRate()
  return (request, response) => {
    const format = formatFor(request.headers.accept)
    // Nobody's body is read.
    request.resume()
    answer(context, rate, request).then(
      ({ status, text }) => send(request, response, format, status, text(format)),
      () =>
        send(request, response, format, 500, printSentence('The gateway made a mistake with this request.', format)),
    )
  }
}

interface Answer {
  readonly status: number
  readonly text: (format: Format) => string
}

const sentence = (status: number, message: string): Answer => ({
  status,
  text: (format) => printSentence(message, format),
})

async function answer(context: WhyContext, rate: RequestRate, request: IncomingMessage): Promise<Answer> {
  const bytes = parseAddress(request.socket.remoteAddress ?? '')
  if (bytes === undefined) return sentence(400, 'Your address is not known.')
  const client = formatAddress(bytes)
  if (!rate.admit(clientKey(client))) return sentence(429, 'You ask too often; wait a second.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return sentence(405, 'Ask with GET.')
  const { name, contact } = context.settings()
  const usage = `Ask http://${name}/why?name=www.example.com or http://${name}/why?address=192.0.2.1&port=443 why you were refused.`
  const [path, query = ''] = (request.url ?? '').split('?', 2)
  if (path !== '/' && path !== '/why') return sentence(404, usage)
  try {
    const question = readQuestion(new URLSearchParams(query))
    if (question === undefined) return sentence(200, usage)
    const plan = context.plan()
    const explanation = await explain(plan, client, question, contact, context.lookUpNames)
    return { status: plan === undefined ? 503 : 200, text: (format) => printExplanation(explanation, format) }
  } catch (error) {
    if (error instanceof ClawgressError) return sentence(400, `${error.problems[0]!.message} ${usage}`)
    throw error
  }
}

function send(request: IncomingMessage, response: ServerResponse, format: Format, status: number, text: string): void {
  const body = Buffer.from(text)
  response.writeHead(status, {
    'content-type': MEDIA_TYPES[format],
    'content-length': body.length,
    'content-security-policy': CONTENT_SECURITY,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    ...(status === 429 ? { 'retry-after': '1', connection: 'close' } : {}),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
