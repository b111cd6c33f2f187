import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { clientKey, holds, parseAddress, parsePrefix } from '../../base/address.ts'
import { fail } from '../../base/errors.ts'
import { type Caller, findCaller, isExpired, mayActAs } from './keys.ts'
import type { ApiSettings } from './settings.ts'
import { WindowCount } from './window-count.ts'

const FORM = /^(multipart\/form-data|application\/x-www-form-urlencoded)\b/i

/** Forms that wait for their end and are held in memory, though whose they are is not known yet: of all, and of a client. */
const MOST_FORMS = 8
const MOST_FORMS_A_CLIENT = 4

/**
 * Whoever sends more wrong keys is told to wait. It keeps nobody from guessing on, since a right key gets in meanwhile;
 * what protects keys is that verify admits none that is easy to guess.
 */
const WRONG_KEYS = { most: 20, windowMs: 60_000, clients: 10_000 }

/** May this address use the API at all? */
export function isAllowedClient(address: string, { allowClients }: Pick<ApiSettings, 'allowClients'>): boolean {
  if (allowClients.length === 0) return true
  const bytes = parseAddress(address)
  return bytes !== undefined && allowClients.some((text) => holds(parsePrefix(text)!, bytes))
}

/** Admits requests by address, key and role. One for all servers, so that wrong keys are counted over all of them. */
export class Access {
  private readonly settings: () => ApiSettings
  private readonly wrongKeys = new WindowCount(WRONG_KEYS)
  private readonly forms = new Map<object, string>()
  private readonly callers = new WeakMap<IncomingMessage, Caller>()

  constructor(settings: () => ApiSettings) {
    this.settings = settings
  }

  /** Who asks, by a key in a header, where it is a valid one. Whatever others send from the same network, they get in. */
  recognise(request: IncomingMessage): Caller | undefined {
    const known = this.callers.get(request)
    if (known !== undefined) return known
    const key = headerKey(request)
    const caller = key === undefined ? undefined : findCaller(key, this.settings())
    if (caller === undefined || isExpired(caller)) return undefined
    this.callers.set(request, caller)
    return caller
  }

  /** Before the body is read, of a request that was looked at by `recognise`. Throws ClawgressError. */
  admitHead(request: FastifyRequest, reply: FastifyReply): void {
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
      fail('api.type', 'Bodies are taken as they are, not compressed; leave out Content-Encoding.')
    const { open, formKey } = request.routeOptions.config
    if (open === true) return
    const key = headerKey(request)
    if (key === undefined && formKey === true && FORM.test(request.headers['content-type'] ?? '')) {
      this.holdForm(request, reply)
      return
    }
    request.caller = this.authenticate(request, key)
    this.checkRole(request, request.caller)
    const { id, role } = request.caller
    request.isStillAdmitted = () => {
      const now = findCaller(key!, this.settings())
      return now?.id === id && now.role === role && !isExpired(now) && isAllowedClient(request.ip, this.settings())
    }
  }

  /** With the key of a form. Throws ClawgressError. */
  admitForm(request: FastifyRequest, key: string | undefined): Caller {
    if (request.caller !== undefined) return request.caller
    const caller = this.authenticate(request, key)
    this.checkRole(request, caller)
    request.caller = caller
    return caller
  }

  private holdForm({ ip, raw: { socket } }: FastifyRequest, { raw }: FastifyReply): void {
    const client = clientKey(ip)
    const ofClient = [...this.forms.values()].filter((each) => each === client).length
    if (this.forms.size >= MOST_FORMS || ofClient >= MOST_FORMS_A_CLIENT)
      fail('api.rate', 'Too many forms are being sent at once; wait for the answers, or send the key in X-API-Key.')
    if (socket.destroyed) return
    this.forms.set(raw, client)
    // An answer that was never begun tells nothing of its end.
    const release = () => {
      this.forms.delete(raw)
      socket.off('close', release)
    }
    raw.once('close', release)
    socket.once('close', release)
  }

  private authenticate(request: FastifyRequest, key: string | undefined): Caller {
    const caller = request.caller ?? (key === undefined ? undefined : findCaller(key, this.settings()))
    if (caller !== undefined && isExpired(caller))
      fail('api.key-expired', `The key of ${caller.id} ended at ${caller.expires}; ask the operator for a new one.`)
    // Also after many wrong ones, or a neighbour could lock its holder out. Keys are too long to be found in this way.
    if (caller !== undefined) return caller
    const client = clientKey(request.ip)
    if (this.wrongKeys.isFull(client)) fail('api.rate', 'Too many wrong keys came from this address; wait a minute.')
    if (key !== undefined) this.wrongKeys.add(client)
    return fail('api.key', 'A valid key is required: as a bearer token, as X-API-Key, or as the form field key.')
  }

  private checkRole({ routeOptions, is404 }: FastifyRequest, { id, role }: Caller): void {
    const wanted = is404 ? 'viewer' : (routeOptions.config.role ?? 'admin')
    if (!mayActAs(role, wanted))
      fail('api.forbidden', `This is for the role ${wanted}; the key of ${id} has the role ${role}.`)
  }
}

function headerKey({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { authorization } = headers
  const given = headers['x-api-key']
  if (authorization !== undefined) return /^Bearer +([^ ]+) *$/i.exec(authorization)?.[1] ?? ''
  return typeof given === 'string' ? given : undefined
}
