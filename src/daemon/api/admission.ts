import type { RequestListener, ServerResponse } from 'node:http'
import { clientKey } from '../../base/address.ts'
import type { Problem } from '../../base/errors.ts'
import { type Access, isAllowedClient } from './access.ts'
import { failureOf, refusalHeaders, statusOf } from './reply.ts'
import type { ApiSettings } from './settings.ts'
import { WindowCount } from './window-count.ts'

/** Clients and keys whose requests are counted. */
const MOST_CLIENTS = 5_000

/**
 * Asks of every request, before anything else is done for it, also of one that no route understands: may its address
 * use the API, and has its key, or its client without one, not asked too often.
 * @param most requests a second
 */
export function admitting(
  access: Access,
  settings: () => Pick<ApiSettings, 'allowClients'>,
  most: number,
  handle: RequestListener,
): RequestListener {
  const requests = new WindowCount({ most, windowMs: 1_000, clients: MOST_CLIENTS })
  return (request, response) => {
    const address = request.socket.remoteAddress ?? ''
    if (!isAllowedClient(address, settings()))
      return refuse(response, {
        code: 'api.forbidden',
        message: `The address ${address} may not use the API (service clawgress api allow-client).`,
      })
    const caller = access.recognise(request)
    const asker = caller === undefined ? clientKey(address) : `key ${caller.id}`
    if (requests.isFull(asker))
      return refuse(response, { code: 'api.rate', message: `More than ${most} requests came within a second.` })
    requests.add(asker)
    return handle(request, response)
  }
}

function refuse(response: ServerResponse, problem: Problem): void {
  const text = JSON.stringify(failureOf([problem]))
  const headers = { ...refusalHeaders([problem]), 'content-length': Buffer.byteLength(text) }
  response.writeHead(statusOf([problem]), headers).end(text)
}
