import { join } from 'node:path'
import { formatAddress, isLinkLocal, type Prefix, parseAddress, parsePrefix } from '../../base/address.ts'
import { ENDPOINTS } from '../../base/endpoints.ts'
import type { Problem } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { readRegularFile } from '../../base/regular-file.ts'
import { LONGEST_SETTING_FILE } from '../../dns/index.ts'
import type { NameServer, PlanSettings } from '../../plan/types.ts'
import { untrackedForClients, untrackedProblem, untrackedWarning } from '../../services/index.ts'
import type { ConfigDict } from '../../vyos/index.ts'
import type { SystemFacts } from '../system/system-facts.ts'
import { clientInterfaceProblems, clientInterfaceWarnings } from './client-interfaces.ts'
import { DictReader } from './dict-reader.ts'

/** The configuration node `service clawgress` as a value; what the Plan needs of it is `plan`. */
export interface Settings {
  readonly policyFile: string | undefined
  readonly plan: PlanSettings
}

const BASE = 'service clawgress'
const DNS_PORTS: readonly number[] = [53, ENDPOINTS.namedPort]

/** fc00::/7 is the widest network that can be all clients. */
const WIDEST_CLIENT_NETWORK = 7

/**
 * Checks the configuration against itself and the router. Every problem is reported; `settings` is usable only where
 * there is none.
 */
export function readSettings(
  config: ConfigDict,
  facts: SystemFacts,
  layout: Layout,
): { settings: Settings; problems: Problem[]; warnings: Problem[] } {
  const problems: Problem[] = []
  const problem = (code: Problem['code'], path: string, message: string) => problems.push({ code, path, message })
  const root = new DictReader(config, BASE)
  const dns = root.child('dns')
  const firewall = root.child('firewall')

  const policyFile = root.leaf('policy-file')
  if (policyFile === undefined && !root.has('policy'))
    problem(
      'config.missing',
      BASE,
      'There is no policy: set policy-file to a policy.json below /config, or list what clients may reach under policy.',
    )

  const clientInterfaces = root.child('client').list('interface')
  if (clientInterfaces.length === 0)
    problem(
      'config.missing',
      `${BASE} client interface`,
      'No client interface is set: name each interface that agents are behind.',
    )
  problems.push(...clientInterfaces.flatMap((name) => clientInterfaceProblems(name, facts)))

  const clientNetworks = root
    .child('client')
    .list('network')
    .flatMap((text) => {
      const prefix = parsePrefix(text)
      if (prefix === undefined) problem('config.value', `${BASE} client network`, `"${text}" is not an IP prefix.`)
      // No name may lead to a client, so these would close the internet.
      else if (prefix.length < WIDEST_CLIENT_NETWORK)
        problem(
          'config.value',
          `${BASE} client network`,
          `${text} is far more than clients; name the networks they are in.`,
        )
      return prefix === undefined ? [] : [asPrefix(prefix)]
    })

  const onClientInterfaces = facts.interfaces
    .filter(({ name }) => clientInterfaces.includes(name))
    .flatMap(({ addresses }) =>
      addresses.filter(({ scope }) => scope === 'global').map(({ address }) => formatAddress(address)),
    )
  const listenAddresses = root.list('listen-address').length > 0 ? root.list('listen-address') : onClientInterfaces
  checkListenAddresses(listenAddresses, root.list('listen-address'), clientInterfaces, facts, problem)

  const settings: PlanSettings = {
    clientInterfaces: [...clientInterfaces].sort(),
    clientNetworks,
    listenAddresses: [...listenAddresses].map((text) => formatAddress(parseAddress(text) ?? new Uint8Array(4))).sort(),
    nameServers: readNameServers(dns, problem),
    denyAnswer: dns.leaf('deny-answer') === 'nodata' ? 'nodata' : 'nxdomain',
    cacheSizeMiB: number(dns, 'cache-size', 64, problem),
    maxTtl: number(dns, 'max-ttl', 3600, problem),
    pinSlack: number(dns, 'pin-slack', 300, problem),
    ...optional('rootHints', existingFile(dns, 'root-hints', layout, problem)),
    ...optional('trustAnchors', existingFile(dns, 'trust-anchors', layout, problem)),
    denyAction: firewall.leaf('deny-action') === 'drop' ? 'drop' : 'reject',
    keepEstablished: firewall.has('keep-established'),
    markMask: readMarkMask(firewall, problem),
    ownPrefixes: facts.interfaces.flatMap(({ addresses }) => addresses.map(({ prefix }) => prefix)),
    syslogFacility: root.child('logging').child('syslog').leaf('facility') ?? 'local6',
    ...switchedOff('logDenied', root.child('logging').leaf('deny')),
    ...switchedOff('logAllowed', root.child('logging').leaf('allow')),
  }
  const affected = untrackedForClients(facts.untracked, settings)
  const others = facts.untracked.map(({ family }) => family).filter((family) => !affected.includes(family))
  if (affected.length > 0) problem('config.conflict', BASE, untrackedProblem(affected))
  return {
    settings: { policyFile, plan: settings },
    problems,
    warnings: [
      ...clientInterfaceWarnings(clientInterfaces, facts),
      ...(others.length === 0
        ? []
        : [{ code: 'config.conflict' as const, path: BASE, message: untrackedWarning(others) }]),
    ],
  }
}

type Report = (code: Problem['code'], path: string, message: string) => void

function checkListenAddresses(
  all: readonly string[],
  configured: readonly string[],
  clientInterfaces: readonly string[],
  facts: SystemFacts,
  problem: Report,
): void {
  const path = `${BASE} listen-address`
  const own = new Set(
    facts.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => formatAddress(address))),
  )
  for (const text of configured) {
    const address = parseAddress(text)
    if (address === undefined) problem('config.value', path, `"${text}" is not an IP address.`)
    else if (isLinkLocal(address))
      problem(
        'config.value',
        path,
        `${text} is a link-local address, to which no question of clients is turned; name one that is known everywhere.`,
      )
    else if (!own.has(formatAddress(address)))
      problem(
        'config.conflict',
        path,
        `${text} is not an address of this router; set it on an interface first, or name another one.`,
      )
  }
  const existing = facts.interfaces.some(({ name }) => clientInterfaces.includes(name))
  if (all.length === 0 && existing)
    problem(
      'config.missing',
      path,
      'No client interface has an address, so clients would not reach DNS; give one an address or set listen-address.',
    )
  for (const { address, port, program, protocol } of facts.listeners) {
    if (address !== undefined && !all.includes(address)) continue
    if (!DNS_PORTS.includes(port)) continue
    if (port === ENDPOINTS.namedPort && (program === undefined || program === 'named')) continue
    const who = program ?? 'another program'
    const remedy = /pdns|powerdns/.test(who)
      ? 'delete service dns forwarding, or narrow its listen-address'
      : 'stop it or let it listen elsewhere'
    problem(
      'config.conflict',
      path,
      `Port ${port} (${protocol}) on ${address ?? 'all addresses'} is taken by ${who}: ${remedy}.`,
    )
  }
}

function readNameServers(dns: DictReader, problem: Report): NameServer[] {
  return dns.tags('name-server').flatMap(([text, node]) => {
    const address = parseAddress(text)
    if (address === undefined) {
      problem('config.value', `${BASE} dns name-server`, `"${text}" is not an IP address.`)
      return []
    }
    const tlsHostname = node.leaf('tls-hostname')
    const port = node.leaf('port')
    return [
      {
        address: formatAddress(address),
        // The default of a plain name-server (53) would never answer TLS.
        port:
          port !== undefined && !(tlsHostname !== undefined && port === '53')
            ? Number(port)
            : tlsHostname === undefined
              ? 53
              : 853,
        ...optional('tlsHostname', tlsHostname),
      },
    ]
  })
}

/** Contiguous, wide enough for 255 generations to be told apart. */
function readMarkMask(firewall: DictReader, problem: Report): number {
  const text = firewall.leaf('mark-mask') ?? '0xfff00000'
  const mask = Number(text)
  const bits = mask.toString(2)
  if (!Number.isInteger(mask) || mask <= 0 || mask > 0xffffffff || !/^1{8,}0*$/.test(bits)) {
    problem(
      'config.value',
      `${BASE} firewall mark-mask`,
      `"${text}" is not a mask of at least 8 adjacent bits, such as 0xfff00000.`,
    )
    return 0xfff00000
  }
  return mask
}

function number(node: DictReader, name: string, otherwise: number, problem: Report): number {
  const text = node.leaf(name)
  if (text === undefined) return otherwise
  if (!/^[0-9]{1,9}$/.test(text)) {
    problem('config.value', `${node.path} ${name}`, `"${text}" is not a whole number.`)
    return otherwise
  }
  return Number(text)
}

function existingFile(node: DictReader, name: string, layout: Layout, problem: Report): string | undefined {
  const typed = node.leaf(name)
  if (typed === undefined) return undefined
  const path = join(layout.root, typed)
  const content = readRegularFile(path, LONGEST_SETTING_FILE)
  if ('fault' in content) problem('config.value', `${node.path} ${name}`, `The file ${typed} ${content.fault}.`)
  return path
}

function optional<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, string>)
}

const asPrefix = ({ family, bytes, length }: Prefix): Prefix => ({ family, bytes, length })

/** On is what a Plan without the setting means. */
const switchedOff = <Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, false>> =>
  value === 'off' ? ({ [key]: false } as Record<Key, false>) : {}
