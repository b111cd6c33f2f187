import { labelTexts } from '../../dns/message/index.ts'
import type { Limits } from '../limits.ts'

/** The zone a question is counted for: the wildcard's suffix, or the last two labels. */
export const shareZone = (name: string, wildcardSuffix?: string): string =>
  wildcardSuffix ?? labelTexts(name).slice(-2).join('.')

interface GroupShare {
  count: number
  readonly zones: Map<string, number>
}

/**
 * Counts questions in work, so that a slow zone cannot take its group's share, nor a group that of the others. A group
 * that is alone leaves half free for the next one.
 */
export class Shares {
  private readonly limits: Limits
  private readonly groups = new Map<string, GroupShare>()
  private total = 0

  constructor(limits: Limits) {
    this.limits = limits
  }

  get inFlight(): number {
    return this.total
  }

  /** A function that gives the place back, or undefined where there is none. */
  enter(groupKey: string, zone: string): (() => void) | undefined {
    const known = this.groups.get(groupKey)
    const activeGroups = this.groups.size + (known === undefined ? 1 : 0)
    const groupLimit = Math.floor(this.limits.inFlight / Math.max(2, activeGroups))
    const zoneLimit = Math.max(this.limits.leastZoneShare, Math.floor(groupLimit * this.limits.zoneShare))
    const group = known ?? { count: 0, zones: new Map<string, number>() }
    const inZone = group.zones.get(zone) ?? 0
    if (this.total >= this.limits.inFlight || group.count >= groupLimit || inZone >= zoneLimit) return undefined
    this.groups.set(groupKey, group)
    this.total++
    group.count++
    group.zones.set(zone, inZone + 1)
    return () => this.leave(groupKey, group, zone)
  }

  private leave(groupKey: string, group: GroupShare, zone: string): void {
    this.total--
    const left = group.zones.get(zone)! - 1
    if (left === 0) group.zones.delete(zone)
    else group.zones.set(zone, left)
    if (--group.count === 0) this.groups.delete(groupKey)
  }
}
