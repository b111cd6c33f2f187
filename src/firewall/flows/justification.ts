import { groupIndex } from '../../plan/group-index.ts'
import { groupOf, isServed } from '../../plan/index.ts'
import type { Group, PinClass, Plan } from '../../plan/types.ts'
import { heldSetName } from '../names.ts'
import type { SetAddress } from '../pin-writer.ts'
import { markField } from '../ruleset/mark-field.ts'
import { type Flow, TCP, UDP } from './flow.ts'

/** A client's flow as the policy sees it. */
export interface FlowTarget {
  readonly group: Group
  /** Classes of the group that open the flow's port. */
  readonly classes: readonly PinClass[]
  /** Who answers. */
  readonly address: Uint8Array
}

export function flowTarget(plan: Plan, flow: Flow): FlowTarget {
  const group = groupOf(plan, flow.original.source)
  const port = flow.reply.sourcePort
  const classes = group.classIds
    .map((id) => plan.classes[id]!)
    .filter((cls) => {
      const ranges = flow.protocol === TCP ? cls.tcp : flow.protocol === UDP ? cls.udp : []
      return ranges.some(({ first, last }) => port >= first && port <= last)
    })
  return { group, classes, address: flow.reply.source }
}

/** An element of a held set that keeps a live flow justified. */
export interface HeldDestination extends SetAddress {
  readonly group: Group
  readonly cls: PinClass
}

/**
 * Held elements to refresh for flows that carry generation `mark`: each destination once per group and class. The
 * caller leaves out those that its book no longer knows.
 */
export function heldDestinations(plan: Plan, mark: number, flows: Iterable<Flow>): HeldDestination[] {
  const field = markField(plan.settings.markMask)
  const found = new Map<string, HeldDestination>()
  for (const flow of flows) {
    if (field.number(flow.mark) !== mark) continue
    const { group, classes, address } = flowTarget(plan, flow)
    for (const cls of classes) {
      const set = heldSetName(group, cls, address.length === 4 ? 4 : 6)
      const key = `${set} ${Buffer.from(address).toString('latin1')}`
      if (!found.has(key)) found.set(key, { set, address, group, cls })
    }
  }
  return [...found.values()]
}

/**
 * Flows that the ruleset of `plan`, loaded as generation `mark`, cuts at their next packet: for the prober. `held`
 * answers whether an address stands in the held set of a group and class. Not asked for with keep-established.
 */
export function lostFlows(
  plan: Plan,
  mark: number,
  flows: Iterable<Flow>,
  held: (target: { group: Group; cls: PinClass; address: Uint8Array }) => boolean,
): Flow[] {
  const field = markField(plan.settings.markMask)
  const lost: Flow[] = []
  for (const flow of flows) {
    const number = field.number(flow.mark)
    if (number === 0 || number === mark || number === field.inbound) continue
    const { group, classes, address } = flowTarget(plan, flow)
    const { denied, statics } = groupIndex(group)
    const listed = () => {
      for (const { classId } of statics.around(address)) if (classes.some((cls) => cls.id === classId)) return true
      return false
    }
    const justified =
      isServed(plan, flow.original.source) &&
      !denied.holds(address) &&
      (listed() || classes.some((cls) => held({ group, cls, address })))
    if (!justified) lost.push(flow)
  }
  return lost
}
