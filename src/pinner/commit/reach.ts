import type { Group, Plan } from '../../plan/types.ts'
import { samePrefix, samePrefixes } from './standing.ts'

/** Do both Plans reach the same addresses without names, for the same clients? Where not, any flow may be concerned. */
export function sameReach(a: Plan, b: Plan): boolean {
  return (
    samePrefixes(a.settings.clientNetworks, b.settings.clientNetworks) &&
    a.groups.length === b.groups.length &&
    a.groups.every((group, i) => sameGroup(a, group, b, b.groups[i]!))
  )
}

function sameGroup(planA: Plan, a: Group, planB: Plan, b: Group): boolean {
  return (
    a.key === b.key &&
    samePrefixes(a.sources, b.sources) &&
    samePrefixes(a.denyPrefixes, b.denyPrefixes) &&
    a.statics.length === b.statics.length &&
    a.statics.every((each, i) => {
      const other = b.statics[i]!
      const sameClass = planA.classes[each.classId]!.key === planB.classes[other.classId]!.key
      return sameClass && samePrefix(each.prefix, other.prefix)
    })
  )
}
