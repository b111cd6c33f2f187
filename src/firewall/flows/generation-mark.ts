import { fail } from '../../base/errors.ts'
import { type MarkField, markField } from '../ruleset/mark-field.ts'
import { anyFlow, dumpFlows, setFlowMarks, visitFlows } from './conntrack.ts'

const QUICK_TRIES = 3

/**
 * The number for the next generation: the one after `previous` (default: none) that no flow carries, counting round in the
 * field. Where every number is carried, the flows of one are handed to another old number first, so that no flow is
 * taken for one of the new generation. Needs CAP_NET_ADMIN. Throws ClawgressError `apply.kernel`, `config.value`.
 */
export function nextMark(mask: number, previous = 0): number {
  const field = markField(mask)
  const after = (number: number) => (number >= field.lastGeneration || number < 0 ? 1 : number + 1)
  let candidate = after(previous)
  for (let tries = 0; tries < QUICK_TRIES; tries++, candidate = after(candidate)) {
    if (!anyFlow({ mark: { value: field.bits(candidate), mask: field.mask } })) return candidate
  }
  const carried = new Set<number>()
  visitFlows({}, (flow) => carried.add(field.number(flow.mark)))
  for (let tries = 0; tries < field.lastGeneration; tries++, candidate = after(candidate)) {
    if (candidate !== previous && !carried.has(candidate)) return candidate
  }
  return cleared(field, after(previous), previous)
}

function cleared(field: MarkField, wanted: number, previous: number): number {
  const filter = { mark: { value: field.bits(wanted), mask: field.mask } }
  const refuge = field.bits(previous === 0 ? wanted + 1 : previous)
  for (let round = 0; round < 3; round++) {
    const flows = dumpFlows(filter)
    if (flows.length === 0) return wanted
    setFlowMarks(flows, refuge, field.mask)
  }
  return fail('apply.kernel', 'No number for the new generation is free of open connections.')
}
