import { formatAddress } from '../../base/address.ts'
import type { Problem } from '../../base/errors.ts'
import type { SystemFacts } from '../system/system-facts.ts'

const pathOf = (name: string): string => `service clawgress client interface ${name}`

/** Why the interface cannot be policed. */
export function clientInterfaceProblems(name: string, facts: SystemFacts): Problem[] {
  const problem = (message: string): Problem => ({ code: 'config.conflict', path: pathOf(name), message })
  const found = facts.interfaces.find((each) => each.name === name)
  if (found === undefined)
    return [problem(`Interface ${name} does not exist on this router; create it first, or name another one.`)]
  const problems: Problem[] = []
  if (name === 'lo') problems.push(problem('The loopback interface cannot be a client interface.'))
  if (found.master?.kind === 'vrf')
    problems.push(
      problem(
        `Interface ${name} belongs to VRF ${found.master.name}; client interfaces in a VRF are not supported by this version.`,
      ),
    )
  else if (found.master !== undefined)
    problems.push(
      problem(
        `Interface ${name} is part of ${found.master.name}, and its packets enter there; set client interface ${found.master.name} instead.`,
      ),
    )
  if (facts.flowtableDevices.includes(name))
    problems.push(
      problem(`Interface ${name} is in a flowtable, whose packets no policy sees; take it out of the flowtable.`),
    )
  return problems
}

/** What is possible but probably not meant: a way around the gateway, or the operator's own way in that will be cut. */
export function clientInterfaceWarnings(names: readonly string[], facts: SystemFacts): Problem[] {
  const warning = (name: string, message: string): Problem => ({ code: 'config.conflict', path: pathOf(name), message })
  const own = new Map(
    facts.interfaces.flatMap(({ name, addresses }) =>
      names.includes(name) ? addresses.map(({ address }) => [formatAddress(address), name] as const) : [],
    ),
  )
  return [
    ...facts.interfaces
      .filter(({ name, lower }) => lower !== undefined && names.includes(lower) && !names.includes(name))
      .map(({ name, lower }) =>
        warning(lower!, `Interface ${name} on top of it is not policed; add it if agents are behind it.`),
      ),
    ...names
      .filter((name) => facts.uplinks.includes(name))
      .map((name) =>
        warning(name, `A default route leads out of ${name}: what comes in from there is policed as a client.`),
      ),
    ...[...new Set(facts.connectionsToUs.flatMap((address) => own.get(address) ?? []))].map((name) =>
      warning(
        name,
        `Someone is connected to this router through ${name}; clients reach DNS and ping on the router and nothing else, so manage it through another interface.`,
      ),
    ),
  ]
}
