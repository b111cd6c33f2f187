import { parseAddress } from '../base/address.ts'
import { ENDPOINTS, pinnerAddress } from '../base/endpoints.ts'
import { fail } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { renderTemplate } from '../base/template.ts'
import type { Plan } from '../plan/types.ts'
import { inViewOrder, matchClients } from './match-clients.ts'
import { namedPaths } from './paths.ts'
import type { TrustAnchor } from './trust-anchors.ts'
import { RESOLVER_VIEW, viewName, ZONES } from './zones/zone-names.ts'

/** Seconds: longest time that named's group views remember that a name has no such record. */
const MAX_NEGATIVE_TTL = 300
/** What a path may hold so that it means nothing else inside named.conf. */
const PLAIN_PATH = /^[A-Za-z0-9._/+-]+$/

/**
 * named's configuration for a plan. A view's text depends on its group, its clients and the settings, never on what the
 * policy lists: a response-policy clause that changes answers unfiltered for some milliseconds, zones do not.
 *
 * `anchors`: contents of `settings.trustAnchors`, where it is set.
 */
export function printNamedConf(plan: Plan, layout: Layout, anchors?: readonly TrustAnchor[]): string {
  const { settings } = plan
  const paths = namedPaths(layout)
  if (!PLAIN_PATH.test(layout.named))
    fail(
      'config.value',
      `The folder of named, ${JSON.stringify(layout.named)}, may hold letters, digits and ._/+- only.`,
    )
  const isV4 = (address: string) => parseAddress(address)?.length === 4
  return renderTemplate('named.conf.hbs', {
    paths: { key: paths.key, work: paths.work, log: paths.log, denials: paths.denials, rootHints: paths.rootHints },
    port: ENDPOINTS.namedPort,
    rndcPort: ENDPOINTS.rndcPort,
    statisticsPort: ENDPOINTS.statisticsPort,
    listen4: elements(['127.0.0.1', ...settings.listenAddresses.filter(isV4)]),
    listen6: elements(['::1', ...settings.listenAddresses.filter((address) => !isV4(address))]),
    resolverView: RESOLVER_VIEW,
    resolverSource: ENDPOINTS.resolverSource,
    upstreamAddress: ENDPOINTS.upstreamAddress,
    upstreamPort: ENDPOINTS.upstreamPort,
    pinnerPort: ENDPOINTS.pinnerPort,
    forwards: settings.nameServers.length > 0,
    hints: settings.rootHints !== undefined,
    anchors: anchors ?? false,
    cacheSize: settings.cacheSizeMiB,
    maxTtl: settings.maxTtl,
    maxNegativeTtl: Math.min(MAX_NEGATIVE_TTL, settings.maxTtl),
    views: inViewOrder(plan.groups).map((group) => {
      const view = viewName(group.id)
      return {
        view,
        clients: elements(matchClients(group, plan.groups)),
        pinner: pinnerAddress(group.id),
        zones: ZONES.map((zone) => ({ zone, file: paths.liveZone(view, zone) })),
      }
    }),
  })
}

/** Prints an address match list. */
const elements = (list: readonly string[]): string => [...new Set(list)].map((element) => `${element};`).join(' ')

/**
 * How named is started by root outside the services, in the foreground: it reads its configuration as root and then
 * becomes `bind`. `cpus`: worker threads; each view costs about 5 MB for each.
 */
export const namedCommand = (layout: Layout, cpus: number): readonly string[] => [
  ...['named', '-f', '-u', 'bind'],
  ...['-c', namedPaths(layout).conf],
  ...['-n', String(cpus)],
]
