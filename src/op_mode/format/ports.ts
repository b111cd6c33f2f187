import type { Plan, PortRange } from '../../plan/types.ts'

/** `tcp 80, 443; udp 443`, or `80, 443` where both protocols have the same. */
export function classPorts(plan: Plan, classIds: readonly number[]): string {
  return classIds
    .map((id) => {
      const { tcp, udp } = plan.classes[id]!
      const [tcpText, udpText] = [formatRanges(tcp), formatRanges(udp)]
      if (tcpText === udpText) return `tcp and udp ${tcpText}`
      return [tcp.length > 0 ? `tcp ${tcpText}` : '', udp.length > 0 ? `udp ${udpText}` : '']
        .filter((part) => part !== '')
        .join('; ')
    })
    .join('; ')
}

const formatRanges = (ranges: readonly PortRange[]): string =>
  ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(', ')
