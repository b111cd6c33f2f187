import { untrackedForClients, untrackedTrouble } from '../../services/index.ts'
import { counted } from '../format/table.ts'
import { isKnown, type StatusFacts } from './status-facts.ts'

/** What is wrong, each with what to do about it; empty when all is well. */
export function findTroubles(facts: StatusFacts): string[] {
  // Without a policy no service is meant to run, and none could be restarted.
  if (facts.plan === undefined) return [...enforcement(facts), ...notices(facts)]
  return [
    ...enforcement(facts),
    ...policyFile(facts),
    ...units(facts),
    ...pinner(facts),
    ...nameServers(facts),
    ...records(facts),
    ...notices(facts),
  ]
}

function* enforcement({ plan, ruleset, untracked, isApplying }: StatusFacts): Iterable<string> {
  const remedy =
    plan === undefined
      ? 'Load the configuration and commit: "configure", "load", "commit".'
      : 'Enter "restart clawgress", or commit again.'
  if (!isKnown(ruleset)) yield `The firewall could not be looked at: ${ruleset.unknown}`
  else if (!ruleset.present)
    yield `The firewall table "inet clawgress" is missing: clients are not policed by it. ${remedy}`
  else if (!ruleset.intact) yield `The firewall table "inet clawgress" was changed by another program. ${remedy}`
  else if (ruleset.closed) yield `No policy is live: everything from client interfaces is denied. ${remedy}`
  else if (plan !== undefined && ruleset.generation !== plan.generation && !isApplying)
    yield `The kernel carries generation ${ruleset.generation}, but ${plan.generation} was proven last. ${remedy}`
  if (untracked !== undefined && isKnown(untracked)) {
    const affected = plan === undefined ? [] : untrackedForClients(untracked, plan.settings)
    if (affected.length > 0) yield untrackedTrouble(affected)
  }
  if (isApplying)
    yield 'A change is being applied, or was interrupted. If this stays, commit again; the last proven policy holds.'
}

function* policyFile({ plan, policyFile }: StatusFacts): Iterable<string> {
  const name = plan?.source.policyFile
  if (policyFile === 'missing')
    yield `The policy file ${name} is gone; the policy it held stays live. Put it back, or a reboot or commit will refuse.`
  if (policyFile === 'changed')
    yield `The policy file ${name} was edited after it was activated; the live policy is the one before. Activate it with "clawgress policy import ${name}".`
}

function* units({ units }: StatusFacts): Iterable<string> {
  if (!isKnown(units)) {
    yield `The services could not be asked: ${units.unknown}`
    return
  }
  for (const unit of units) {
    if (unit.state === 'running') continue
    const ended = unit.lastExit === undefined ? '' : ` It ended last with ${unit.lastExit}.`
    yield `${unit.name} is ${unit.state}.${ended} ${CONSEQUENCES[unit.name] ?? ''} Enter "restart clawgress".`
  }
}

function* pinner({ plan, pins, units, ruleset, isApplying }: StatusFacts): Iterable<string> {
  if (!isKnown(pins)) {
    const isRunning =
      isKnown(units) && units.some(({ name, state }) => name === 'clawgress-pinner' && state === 'running')
    if (isRunning) yield `${pins.unknown} Enter "restart clawgress".`
    return
  }
  // Meanwhile it is told one thing after the other.
  if (isApplying || plan === undefined) return
  const { generation, stagedGeneration, problems } = pins
  if (generation === undefined) yield 'The pinner judges by no policy: no listed name resolves. Commit again.'
  else if (generation !== plan.generation)
    yield `The pinner judges by generation ${generation}, but ${plan.generation} was proven last: only what both allow gets out. Commit again.`
  if (stagedGeneration !== undefined)
    yield `The pinner still expects generation ${stagedGeneration}: only names that it allows, too, resolve. Commit again.`
  const isExplained = generation === undefined || (isKnown(ruleset) && !ruleset.present)
  if (!pins.ready && !isExplained) yield* problems.map((problem) => `The pinner is not ready: ${problem}`)
}

const CONSEQUENCES: Readonly<Record<string, string>> = {
  'clawgress-named': 'Clients get no DNS answers; nothing unlisted gets out.',
  'clawgress-pinner': 'New names do not resolve; nothing unlisted gets out.',
  'clawgress-log': 'Denied packets are counted, but leave no records.',
  clawgressd: 'Denials leave no records until it runs again.',
  'clawgress-guard': 'The firewall table is not put back when another program removes it.',
}

function* nameServers({ pins }: StatusFacts): Iterable<string> {
  if (!isKnown(pins)) return
  for (const { address, tlsHostname, failuresInRow, lastError } of pins.nameServers) {
    if (failuresInRow === 0) continue
    const over = tlsHostname === undefined ? '' : `, over TLS as ${tlsHostname},`
    const why = lastError === undefined ? '' : ` (${lastError})`
    yield `The name server ${address}${over} has not answered the last ${counted(failuresInRow, 'question')}${why}. Listed names do not resolve through it; check its address, its certificate and the way to it.`
  }
}

function* records({ daemon, counters }: StatusFacts): Iterable<string> {
  if (daemon === undefined) {
    yield 'clawgressd does not answer, so denials of the last hour are not known. Enter "restart clawgress".'
    return
  }
  yield* daemon.troubles
  const { kernel, disk, syslog, unreadable } = daemon.lost
  if (kernel > 0) yield `${kernel} denied packets left no record, because the machine was too busy to write them down.`
  if (disk > 0) yield `${disk} records were lost, because the disk was full. Make room below the log folder.`
  if (syslog > 0) yield `${syslog} records did not reach syslog; the log file has them.`
  if (unreadable > 0) yield `${unreadable} lines of the logs were not understood.`
  if (isKnown(counters) && counters.notLogged.packets > 0)
    yield `${counters.notLogged.packets} denied packets left no record, because a client sent more than the limit (1000 a second, 20000 in all).`
}

function* notices({ unconfirmedUntil, alerts }: StatusFacts): Iterable<string> {
  if (unconfirmedUntil !== undefined)
    yield `The imported policy goes back to the previous one at ${unconfirmedUntil}, unless it is confirmed.`
  for (const { time, message } of alerts) yield `${time}: ${message}`
}
