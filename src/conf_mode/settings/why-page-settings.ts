import { isLinkLocal, parseAddress } from '../../base/address.ts'
import { ENDPOINTS } from '../../base/endpoints.ts'
import type { Problem } from '../../base/errors.ts'
import type { WhySettings } from '../../daemon/why/settings.ts'
import type { PlanSettings } from '../../plan/types.ts'
import type { ConfigDict } from '../../vyos/index.ts'
import type { SystemFacts } from '../system/system-facts.ts'
import { DictReader } from './dict-reader.ts'
import { serverCertificate } from './pki.ts'

const BASE = 'service clawgress why-page'
const DEFAULT_NAME = 'clawgress.internal'
const PORTS: readonly number[] = [ENDPOINTS.whyPort, ENDPOINTS.whyTlsPort]
/** What the kernel calls our own daemon, which listens there already when this is not the first commit. */
const OURS = ['node', 'MainThread']

/** What a configuration says about the page that tells clients why they were refused. */
export interface WhyPageConfiguration {
  /** Undefined: it is turned off, or has problems. Without `tls` it gets a certificate of its own. */
  readonly settings: WhySettings | undefined
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Checks `why-page` against the router and `pki`; every problem is reported. There is a page unless it is turned off. */
export function readWhyPage(
  config: ConfigDict,
  pki: ConfigDict | null,
  facts: SystemFacts,
  listenAddresses: readonly string[],
): WhyPageConfiguration {
  const node = new DictReader(config, 'service clawgress').child('why-page')
  const listen = listenAddresses.filter((address) => !isLinkLocal(parseAddress(address)!))
  if (node.has('disable') || listen.length === 0) return { settings: undefined, problems: [], warnings: [] }
  const problems: Problem[] = []
  const warnings: Problem[] = []
  for (const { address, port, program } of facts.listeners) {
    if (!PORTS.includes(port) || (address !== undefined && !listen.includes(address))) continue
    if (program === undefined || OURS.includes(program)) continue
    const message = `Port ${port} (tcp) on ${address ?? 'all addresses'} is taken by ${program}: let it listen elsewhere, or set why-page disable.`
    problems.push({ code: 'config.conflict', path: BASE, message })
  }
  const certificate = node.leaf('certificate')
  const found = certificate === undefined ? undefined : serverCertificate(pki, certificate)
  if (typeof found === 'string') problems.push({ code: 'config.value', path: `${BASE} certificate`, message: found })
  else if (found !== undefined && found.validTo.getTime() < Date.now()) {
    const message = `The certificate ${certificate} ended on ${found.validTo.toISOString().slice(0, 10)}; clients will refuse it.`
    warnings.push({ code: 'config.conflict', path: `${BASE} certificate`, message })
  }
  const contact = node.leaf('contact')
  const settings: WhySettings = {
    name: (node.leaf('name') ?? DEFAULT_NAME).toLowerCase(),
    listen,
    ...(contact === undefined ? {} : { contact }),
    ...(typeof found === 'object' ? { tls: { certificate: found.certificate, key: found.key } } : {}),
  }
  return { settings: problems.length === 0 ? settings : undefined, problems, warnings }
}

/** What named and the firewall need of it. */
export const whyPagePlan = ({ settings }: WhyPageConfiguration): Pick<PlanSettings, 'whyPage'> =>
  settings === undefined ? {} : { whyPage: { name: settings.name } }
