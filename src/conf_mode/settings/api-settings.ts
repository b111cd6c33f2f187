import { randomBytes } from 'node:crypto'
import { formatAddress, formatPrefix, holds, isLinkLocal, parseAddress, parsePrefix } from '../../base/address.ts'
import type { Problem } from '../../base/errors.ts'
import { hashKey, isExpired } from '../../daemon/api/keys.ts'
import { type ApiSettings, ROLES, type Role } from '../../daemon/api/settings.ts'
import type { PlanSettings } from '../../plan/types.ts'
import type { ConfigDict } from '../../vyos/index.ts'
import type { SystemFacts } from '../system/system-facts.ts'
import { DictReader } from './dict-reader.ts'
import { serverCertificate } from './pki.ts'

const BASE = 'service clawgress api'

const LOOPBACK = [parsePrefix('127.0.0.0/8')!, parsePrefix('::1/128')!]

/** What a configuration says about the API. */
export interface ApiConfiguration {
  /** Undefined: no API is wanted, or it has problems. */
  readonly settings: ApiSettings | undefined
  /** Clients on client interfaces may reach it. */
  readonly isOpenToPoliced: boolean
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/**
 * Checks `api` against itself, the router and `pki`; every problem is reported. The port has a default and tells
 * nothing: an API is wanted where an address to listen on or a key is set.
 */
export function readApiSettings(config: ConfigDict, pki: ConfigDict | null, facts: SystemFacts): ApiConfiguration {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const node = new DictReader(config, 'service clawgress').child('api')
  const report = (code: Problem['code'], words: string, message: string) =>
    problems.push({ code, path: `${BASE} ${words}`, message })
  const isOpenToPoliced = node.child('allow-client').has('policed')
  const holders = node.child('key').tags('id')
  if (node.list('listen-address').length === 0 && holders.length === 0)
    return { settings: undefined, isOpenToPoliced: false, problems, warnings }

  const listen = readListenAddresses(node, facts, report)
  const tls = readCertificate(node, pki, listen, report, (message) =>
    warnings.push({ code: 'config.conflict', path: `${BASE} certificate`, message }),
  )
  const allowClients = node
    .child('allow-client')
    .list('address')
    .flatMap((text) => {
      const prefix = parsePrefix(text)
      if (prefix === undefined) report('config.value', 'allow-client address', `"${text}" is no address or network.`)
      return prefix === undefined ? [] : [formatPrefix(prefix)]
    })
  const salt = randomBytes(32).toString('hex')
  const keys = readKeys(holders, salt, report)
  for (const { id, expires } of keys.filter((key) => isExpired(key)))
    warnings.push({
      code: 'config.conflict',
      path: `${BASE} key id ${id} expires`,
      message: `The key of ${id} ended at ${expires} and is refused; set a later time and a new key, or delete it.`,
    })
  const settings: ApiSettings = {
    listen,
    port: Number(node.leaf('port') ?? '8443'),
    ...(tls === undefined ? {} : { tls }),
    allowClients,
    salt,
    keys,
  }
  return { settings: problems.length === 0 ? settings : undefined, isOpenToPoliced, problems, warnings }
}

type Report = (code: Problem['code'], words: string, message: string) => void

function readListenAddresses(node: DictReader, facts: SystemFacts, report: Report): string[] {
  const configured = node.list('listen-address')
  if (configured.length === 0)
    report('config.missing', 'listen-address', 'Set the addresses that the API listens on, such as 127.0.0.1.')
  const own = facts.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => formatAddress(address)))
  return configured.flatMap((text) => {
    const address = parseAddress(text)
    if (address === undefined) {
      report('config.value', 'listen-address', `"${text}" is not an IP address.`)
      return []
    }
    const canonical = formatAddress(address)
    if (isLinkLocal(address))
      report('config.value', 'listen-address', `${text} is a link-local address; name one that is known everywhere.`)
    if (!isLoopback(canonical) && !own.includes(canonical))
      report(
        'config.conflict',
        'listen-address',
        `${text} is not an address of this router; set it on an interface first, or name another one.`,
      )
    return [canonical]
  })
}

const isLoopback = (address: string): boolean => LOOPBACK.some((prefix) => holds(prefix, parseAddress(address)!))

function readCertificate(
  node: DictReader,
  pki: ConfigDict | null,
  listen: readonly string[],
  report: Report,
  warn: (message: string) => void,
): ApiSettings['tls'] {
  const name = node.leaf('certificate')
  if (name === undefined) {
    const open = listen.filter((address) => !isLoopback(address))
    if (open.length > 0)
      report(
        'config.missing',
        'certificate',
        `Keys would cross the network in clear text on ${open.join(', ')}; set a certificate, or listen on loopback only.`,
      )
    return undefined
  }
  const found = serverCertificate(pki, name)
  if (typeof found === 'string') {
    report('config.value', 'certificate', found)
    return undefined
  }
  if (found.validTo.getTime() < Date.now())
    warn(`The certificate ${name} ended on ${found.validTo.toISOString().slice(0, 10)}; clients will refuse it.`)
  return { certificate: found.certificate, key: found.key }
}

function readKeys(holders: readonly [string, DictReader][], salt: string, report: Report): ApiSettings['keys'] {
  if (holders.length === 0) report('config.missing', 'key id', 'Nobody could use the API without a key; set one.')
  const holderOf = new Map<string, string>()
  return holders.flatMap(([id, node]) => {
    const key = node.leaf('key')
    const words = `key id ${id}`
    if (key === undefined) {
      report('config.missing', `${words} key`, `The key of ${id} is missing; openssl rand -hex 32 makes a good one.`)
      return []
    }
    // VyOS and the session check it too, but what is at stake here is worth a second look.
    if (!/^[A-Za-z0-9_-]{24,128}$/.test(key) || new Set(key).size < 8)
      report('config.value', `${words} key`, `The key of ${id} is too easy to guess; openssl rand -hex 32 makes one.`)
    const other = holderOf.get(key)
    if (other !== undefined)
      report('config.conflict', `${words} key`, `${id} and ${other} have the same key; give each one of its own.`)
    holderOf.set(key, id)
    const expires = readExpiry(node.leaf('expires'), (message) => report('config.value', `${words} expires`, message))
    return [
      {
        id,
        role: roleOf(node.leaf('role')),
        hash: hashKey(key, salt),
        ...(expires === undefined ? {} : { expires }),
      },
    ]
  })
}

/** RFC 3339 in UTC, with milliseconds. One that is past is no fault: it comes by itself, and a boot must not end on it. */
function readExpiry(text: string | undefined, refuse: (message: string) => void): string | undefined {
  if (text === undefined) return undefined
  const time = text.includes('T') ? text : `${text}T00:00Z`
  const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(time) ? Date.parse(time) : Number.NaN
  const expires = Number.isNaN(moment) ? undefined : new Date(moment).toISOString()
  // What is no day of its month would be taken for one of the next.
  if (expires?.slice(0, 16) === time.slice(0, 16)) return expires
  refuse(`"${text}" is no date in UTC; give one like 2027-01-31 or 2027-01-31T18:00Z.`)
  return undefined
}

/** What the firewall opens to clients for the API. */
export const apiService = ({ settings, isOpenToPoliced }: ApiConfiguration): Pick<PlanSettings, 'clientServices'> =>
  settings === undefined || !isOpenToPoliced
    ? {}
    : { clientServices: settings.listen.map((address) => ({ address, port: settings.port })) }

/** An unknown role is the least of them. */
const roleOf = (text: string | undefined): Role => ROLES.find((role) => role === text) ?? 'viewer'
