import { compareBytes, type Prefix } from '../../base/address.ts'
import type { Group, Plan } from '../../plan/types.ts'

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
      return (
        samePrefix(each.prefix, other.prefix) && planA.classes[each.classId]!.key === planB.classes[other.classId]!.key
      )
    })
  )
}

const samePrefix = (a: Prefix, b: Prefix): boolean => a.length === b.length && compareBytes(a.bytes, b.bytes) === 0

const samePrefixes = (a: readonly Prefix[], b: readonly Prefix[]): boolean =>
  a.length === b.length && a.every((prefix, i) => samePrefix(prefix, b[i]!))
