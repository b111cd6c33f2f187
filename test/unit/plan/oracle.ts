/*
 * A second implementation of what a policy means, written from the format's description alone: plain loops over the
 * policy as JSON, big integers for addresses. It shares no code with the compiler, so that both must be wrong in the
 * same way to agree on something wrong. It knows only tidy policies: lower-case ASCII names, canonical prefixes.
 */

type Ports = (number | string)[]
interface DomainEntry {
  name: string
  ports?: Ports
  protocols?: ('tcp' | 'udp')[]
  label?: string
}
interface PrefixEntry {
  prefix: string
  ports?: Ports
  protocols?: ('tcp' | 'udp')[]
  label?: string
}
export interface OraclePolicy {
  version: 1
  allow?: { domains?: (string | DomainEntry)[]; ips?: (string | PrefixEntry)[]; ports?: Ports }
  deny?: {
    domains?: (string | { name: string; label?: string })[]
    ips?: (string | { prefix: string; label?: string })[]
  }
  labels?: Record<string, string>
}

/** The page of the gateway's own: whoever asks for it by name, or for a web port of its addresses. */
export interface OraclePage {
  name: string
  addresses: readonly string[]
}

export interface OracleQuestion {
  name?: string
  address?: string
  port?: number
  protocol?: string
}

export interface OracleAnswer {
  reason: string
  /** JSON path of the entry that decided. */
  rule: string | undefined
  label: string | undefined
}

interface Matched<T> {
  entry: T
  path: string
  /** How specific: octets of the name, bits of the prefix. */
  length: number
}

const nameMatches = (pattern: string, name: string): boolean =>
  pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) && name.length > pattern.length - 1 : pattern === name

function matchNames<T extends { name: string }>(
  list: (string | T)[] | undefined,
  path: string,
  name: string,
): Matched<T>[] {
  const found: Matched<T>[] = []
  ;(list ?? []).forEach((item, i) => {
    const entry = (typeof item === 'string' ? { name: item } : item) as T
    const length = entry.name.startsWith('*.') ? entry.name.length - 2 : entry.name.length
    if (nameMatches(entry.name, name)) found.push({ entry, path: `${path}[${i}]`, length })
  })
  return found.sort((a, b) => b.length - a.length)
}

/** Family and value of an address. */
function toNumber(text: string): { bits: 32 | 128; value: bigint } {
  if (!text.includes(':')) {
    let value = 0n
    for (const part of text.split('.')) value = value * 256n + BigInt(part)
    return { bits: 32, value }
  }
  const [head, tail] = text.split('::') as [string, string | undefined]
  const groups = (half: string | undefined) => (half === undefined || half === '' ? [] : half.split(':'))
  const left = groups(head)
  const right = groups(tail)
  const middle = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0')
  let value = 0n
  for (const group of [...left, ...middle, ...right]) value = value * 65536n + BigInt(`0x${group}`)
  return { bits: 128, value }
}

function prefixHolds(prefix: string, address: { bits: number; value: bigint }): boolean {
  const [text, length] = prefix.split('/') as [string, string | undefined]
  const start = toNumber(text)
  if (start.bits !== address.bits) return false
  const shift = BigInt(start.bits - Number(length ?? start.bits))
  return start.value >> shift === address.value >> shift
}

const lengthOf = (prefix: string): number => Number(prefix.split('/')[1] ?? (prefix.includes(':') ? 128 : 32))

function matchPrefixes<T extends { prefix: string }>(
  list: (string | T)[] | undefined,
  path: string,
  address: { bits: number; value: bigint },
): Matched<T>[] {
  const found: Matched<T>[] = []
  ;(list ?? []).forEach((item, i) => {
    const entry = (typeof item === 'string' ? { prefix: item } : item) as T
    if (prefixHolds(entry.prefix, address)) found.push({ entry, path: `${path}[${i}]`, length: lengthOf(entry.prefix) })
  })
  return found.sort((a, b) => b.length - a.length)
}

function portOpen(ports: Ports, port: number | undefined): boolean {
  for (const item of ports) {
    const [first, last] = String(item).split('-') as [string, string | undefined]
    for (let open = Number(first); open <= Number(last ?? first); open++) {
      if (open !== 53 && (port === undefined || open === port)) return true
    }
  }
  return false
}

function opens(
  entries: { ports?: Ports; protocols?: ('tcp' | 'udp')[] }[],
  defaults: Ports,
  port: number | undefined,
  protocol: string | undefined,
): boolean {
  if (port === undefined && protocol === undefined) return true
  return entries.some((entry) => {
    const protocols: string[] = entry.protocols ?? ['tcp', 'udp']
    return (protocol === undefined || protocols.includes(protocol)) && portOpen(entry.ports ?? defaults, port)
  })
}

/** Never reachable through a name, as ranges in plain text. */
const CLOSED = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4',
  '2001::/23 2001:db8::/32 3fff::/20',
].flatMap((line) => line.split(' '))

function isClosed(address: { bits: number; value: bigint }): boolean {
  if (CLOSED.some((prefix) => prefixHolds(prefix, address))) return true
  return address.bits === 128 && !prefixHolds('2000::/3', address) && !prefixHolds('64:ff9b::/96', address)
}

/** IPv4 addresses inside an IPv6 address. */
function carried(address: { bits: number; value: bigint }): { bits: 32; value: bigint }[] {
  const at = (shift: bigint) => ({ bits: 32 as const, value: (address.value >> shift) & 0xffffffffn })
  if (address.bits === 32) return []
  if (['::/96', '::ffff:0:0/96', '64:ff9b::/96'].some((prefix) => prefixHolds(prefix, address))) return [at(0n)]
  if (prefixHolds('2002::/16', address)) return [at(80n)]
  if (!prefixHolds('2001::/32', address)) return []
  return [at(64n), { bits: 32, value: at(0n).value ^ 0xffffffffn }]
}

function labelOf(candidates: { length: number; label: string | undefined; rank: number }[]): string | undefined {
  const known = candidates.filter((candidate) => candidate.label !== undefined)
  return known.sort((a, b) => b.length - a.length || b.rank - a.rank)[0]?.label
}

function nameLabel(policy: OraclePolicy, name: string): string | undefined {
  const entries = Object.entries(policy.labels ?? {}).filter(([key]) => /[a-z]/.test(key) && !/[:/]/.test(key))
  const map = matchNames(
    entries.map(([key, label]) => ({ name: key, label })),
    '',
    name,
  )
  const ranked = (found: Matched<{ label?: string }>[], rank: number) =>
    found.map(({ entry, length }) => ({ length, label: entry.label, rank }))
  return labelOf([
    ...ranked(map, 0),
    ...ranked(matchNames<DomainEntry>(policy.allow?.domains, '', name), 1),
    ...ranked(matchNames<{ name: string; label?: string }>(policy.deny?.domains, '', name), 2),
  ])
}

function addressLabel(policy: OraclePolicy, address: { bits: number; value: bigint }): string | undefined {
  const entries = Object.entries(policy.labels ?? {}).filter(([key]) => /[:/]/.test(key) || /^[0-9.]+$/.test(key))
  const map = matchPrefixes(
    entries.map(([prefix, label]) => ({ prefix, label })),
    '',
    address,
  )
  const ranked = (found: Matched<{ label?: string }>[], rank: number) =>
    found.map(({ entry, length }) => ({ length, label: entry.label, rank }))
  return labelOf([
    ...ranked(map, 0),
    ...ranked(matchPrefixes<PrefixEntry>(policy.allow?.ips, '', address), 1),
    ...ranked(matchPrefixes<{ prefix: string; label?: string }>(policy.deny?.ips, '', address), 2),
  ])
}

/** What the gateway says where it is itself meant; undefined where something else is. */
function askPage(page: OraclePage, { name, address, port, protocol }: OracleQuestion): string | undefined {
  const isWeb = (port === 80 || port === 443) && (protocol ?? 'tcp') === 'tcp'
  const isAddress = address !== undefined && page.addresses.includes(address)
  if (name === page.name) {
    const may = isWeb || (port === undefined && (protocol ?? 'tcp') === 'tcp')
    return may && (address === undefined || isAddress) ? 'allow.gateway' : 'net.gateway'
  }
  return name === undefined && isAddress && isWeb ? 'allow.gateway' : undefined
}

/** What the policy says to the question. */
export function ask(policy: OraclePolicy, own: string[], question: OracleQuestion, page?: OraclePage): OracleAnswer {
  const { name, port, protocol } = question
  const ofPage = page === undefined ? undefined : askPage(page, question)
  if (ofPage !== undefined) return { reason: ofPage, rule: undefined, label: undefined }
  const defaults = policy.allow?.ports ?? [80, 443]
  const address = question.address === undefined ? undefined : toNumber(question.address)
  const allowing = name === undefined ? [] : matchNames<DomainEntry>(policy.allow?.domains, '$.allow.domains', name)
  const nameRule = allowing[0]?.path
  const ownLabel = name === undefined ? undefined : nameLabel(policy, name)
  const label = ownLabel ?? (address === undefined ? undefined : addressLabel(policy, address))
  if (name !== undefined) {
    const denying = matchNames(policy.deny?.domains as DomainEntry[], '$.deny.domains', name)
    if (denying.length > 0) return { reason: 'dns.denied', rule: denying[0]!.path, label: ownLabel }
    if (allowing.length === 0) return { reason: 'dns.not-allowed', rule: undefined, label: ownLabel }
  }
  if (protocol !== undefined && protocol !== 'tcp' && protocol !== 'udp')
    return { reason: 'net.protocol', rule: nameRule, label: ownLabel }
  if (port === 53) return { reason: 'allow.dns', rule: nameRule, label: ownLabel }
  const bypass = port === 853 || port === 5353
  const nameOpens =
    allowing.length > 0 &&
    opens(
      allowing.map((match) => match.entry),
      defaults,
      port,
      protocol,
    )
  if (address === undefined) {
    if (name === undefined) return { reason: bypass ? 'net.dns-bypass' : 'net.not-pinned', rule: undefined, label }
    return { reason: nameOpens ? 'allow.name' : bypass ? 'net.dns-bypass' : 'net.port', rule: nameRule, label }
  }
  return askFlow(policy, own, question, { address, defaults, nameOpens, nameRule, label, bypass })
}

function askFlow(
  policy: OraclePolicy,
  own: string[],
  { name, port, protocol }: OracleQuestion,
  known: {
    address: { bits: number; value: bigint }
    defaults: Ports
    nameOpens: boolean
    nameRule: string | undefined
    label: string | undefined
    bypass: boolean
  },
): OracleAnswer {
  const { address, defaults, nameOpens, nameRule, label, bypass } = known
  const forms = [address, ...carried(address)]
  const denied = forms.map((form) => matchPrefixes(policy.deny?.ips as PrefixEntry[], '$.deny.ips', form)[0]?.path)
  const denyRule = denied.find((path) => path !== undefined)
  const listed = forms.map((form) => matchPrefixes<PrefixEntry>(policy.allow?.ips, '$.allow.ips', form))
  const onWire = address.bits === 32 || prefixHolds('64:ff9b::/96', address) || prefixHolds('2002::/16', address)
  if (denied[0] !== undefined || (denyRule !== undefined && onWire))
    return { reason: 'net.denied', rule: denyRule, label }
  const isOwn = (form: { bits: number; value: bigint }) => own.some((prefix) => prefixHolds(prefix, form))
  const shut = forms.some((form, i) => listed[i]!.length === 0 && (isClosed(form) || isOwn(form)))
  const pinnable = denyRule === undefined && (listed[0]!.length > 0 || !shut)
  if (name !== undefined && pinnable && nameOpens) return { reason: 'allow.name', rule: nameRule, label }
  const rule = listed[0]![0]?.path
  if (
    listed[0]!.length > 0 &&
    opens(
      listed[0]!.map((match) => match.entry),
      defaults,
      port,
      protocol,
    )
  )
    return { reason: 'allow.address', rule, label }
  if (name !== undefined && denyRule !== undefined) return { reason: 'net.denied', rule: denyRule, label }
  if (name !== undefined && !pinnable) return { reason: 'dns.rebind', rule: nameRule, label }
  if (bypass) return { reason: 'net.dns-bypass', rule: nameRule ?? rule, label }
  if (name !== undefined || listed[0]!.length > 0) return { reason: 'net.port', rule: nameRule ?? rule, label }
  return { reason: isClosed(address) || isOwn(address) ? 'net.private' : 'net.not-pinned', rule: undefined, label }
}
