import { formatAddress, parseAddress } from '../../base/address.ts'
import { fail } from '../../base/errors.ts'
import type { Protocol } from '../../plan/types.ts'
import { normaliseName } from '../../policy/index.ts'

/** What a client asks about; at least one of name and address is there. */
export interface WhyQuestion {
  readonly name?: string
  readonly address?: string
  readonly port?: number
  readonly protocol?: Protocol
}

const PARAMETERS = ['name', 'address', 'port', 'protocol'] as const
const MAX_LENGTH = 1024

/**
 * The question in a query string, or undefined where nothing is asked. An address may stand in the place of the name.
 * Throws ClawgressError `api.request` with what is wrong.
 */
export function readQuestion(query: URLSearchParams): WhyQuestion | undefined {
  const given: Partial<Record<(typeof PARAMETERS)[number], string>> = {}
  for (const [key, value] of query) {
    const parameter = PARAMETERS.find((each) => each === key)
    if (parameter === undefined)
      return refuse(
        'Ask with name, address, port and protocol alone: the answer is about the address that you ask from.',
      )
    if (given[parameter] !== undefined) return refuse(`The parameter ${parameter} stands twice.`)
    if (value.length > MAX_LENGTH) return refuse(`The parameter ${parameter} is too long.`)
    if (value !== '') given[parameter] = value
  }
  const { name: typed, address: typedAddress, port: typedPort, protocol } = given
  if (typed === undefined && typedAddress === undefined) {
    if (typedPort === undefined && protocol === undefined) return undefined
    return refuse('Name what you tried to reach: ?name=www.example.com or ?address=192.0.2.1.')
  }
  const isAddress = typed !== undefined && typedAddress === undefined && parseAddress(typed) !== undefined
  const address = isAddress ? typed : typedAddress
  const port = typedPort === undefined ? undefined : readPort(typedPort)
  if (protocol !== undefined && protocol !== 'tcp' && protocol !== 'udp') return refuse('The protocol is tcp or udp.')
  return {
    ...(typed === undefined || isAddress ? {} : { name: readName(typed) }),
    ...(address === undefined ? {} : { address: readAddress(address) }),
    ...(port === undefined ? {} : { port }),
    ...(protocol === undefined ? {} : { protocol }),
  }
}

function readName(text: string): string {
  const normal = normaliseName(text)
  if (typeof normal === 'string' || normal.wildcard)
    return refuse('The name is no domain name: give it without scheme, port and path, such as www.example.com.')
  return normal.name
}

function readAddress(text: string): string {
  const bytes = parseAddress(text)
  return bytes === undefined ? refuse('The address is neither an IPv4 nor an IPv6 address.') : formatAddress(bytes)
}

function readPort(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65535 ? port : refuse('The port is a number from 1 to 65535.')
}

const refuse = (message: string): never => fail('api.request', message)
