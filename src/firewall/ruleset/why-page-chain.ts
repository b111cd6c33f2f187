import { isIPv6 } from 'node:net'
import { isLinkLocal, parseAddress } from '../../base/address.ts'
import { ENDPOINTS } from '../../base/endpoints.ts'
import type { PlanSettings } from '../../plan/types.ts'
import { type InterfaceNetworks, listenTargets, quotedSet } from './gateway-chains.ts'
import type { Chain } from './text.ts'

type WhySettings = Pick<PlanSettings, 'whyPage' | 'clientInterfaces' | 'listenAddresses'>

const PORTS = [
  [80, ENDPOINTS.whyPort],
  [443, ENDPOINTS.whyTlsPort],
] as const
const PRIVATE_PORTS = `tcp dport { ${ENDPOINTS.whyPort}, ${ENDPOINTS.whyTlsPort} }`

/** Turns what clients send to ports 80 and 443 of the listen addresses, and to nothing else, to the why page. */
export function whyPageChains(settings: WhySettings, networks: InterfaceNetworks): Chain[] {
  if (settings.whyPage === undefined) return []
  const targets = listenTargets(settings.clientInterfaces, settings.listenAddresses, networks)
  const rules = targets.flatMap(({ address, family, interfaces }) => {
    const ip = family === 4 ? 'ip' : 'ip6'
    const to = family === 4 ? address : `[${address}]`
    const own = addressesOf(settings, family === 6).join(', ')
    return PORTS.map(
      ([port, privatePort]) =>
        `iifname ${quotedSet(interfaces)} ${ip} daddr { ${own} } tcp dport ${port} dnat ${ip} to ${to}:${privatePort}`,
    )
  })
  return [{ name: 'why_page', base: 'type nat hook prerouting priority dstnat - 5; policy accept;', rules }]
}

/** Admits what `whyPageChains` has turned here, and nothing sent to the private ports directly. */
export const whyPageService = ({ whyPage }: WhySettings): string[] =>
  whyPage === undefined ? [] : [`${PRIVATE_PORTS} ct status dnat accept`]

/** Keeps everyone but clients from the private ports. */
export const whyPagePrivate = (settings: WhySettings): string[] =>
  settings.whyPage === undefined
    ? []
    : [false, true].flatMap((isV6) => {
        const own = addressesOf(settings, isV6)
        return own.length === 0 ? [] : [`${isV6 ? 'ip6' : 'ip'} daddr { ${own.join(', ')} } ${PRIVATE_PORTS} drop`]
      })

const addressesOf = ({ listenAddresses }: WhySettings, isV6: boolean): string[] =>
  listenAddresses.filter((address) => isIPv6(address) === isV6 && !isLinkLocal(parseAddress(address)!))
