import { byId, element, setText, table } from './dom.ts'
import { counted, formatDuration } from './format.ts'
import type { Status } from './gateway-facts.ts'

/** Is the policy enforced, by which generation, since when, and what is to be looked at. */
export function showStatus(status: Status): void {
  const state = byId('state')
  setText(state, status.enforcing ? 'Enforcing' : 'Not enforcing')
  byId('now').dataset.state = !status.enforcing ? 'bad' : status.troubles.length > 0 ? 'warn' : 'good'
  setText(byId('state-detail'), detail(status))
  showTroubles(status.troubles)
  showServices(status.services)
}

/** The gateway does not answer: what was shown before is not known any more. */
export function showUnknown(): void {
  setText(byId('state'), 'Unknown')
  byId('now').dataset.state = 'bad'
}

function detail({
  generation,
  since,
  policyFile,
  allowedDomains = 0,
  deniedDomains = 0,
  allowedPrefixes = 0,
}: Status): string {
  if (generation === undefined) return 'No policy is live.'
  const age = since === undefined ? '' : `, live for ${formatDuration(Date.now() - Date.parse(since))}`
  const source = typeof policyFile === 'string' ? `, from ${policyFile}` : ''
  const size = `${counted(allowedDomains, 'name')} and ${counted(allowedPrefixes, 'prefix', 'prefixes')} allowed, ${counted(deniedDomains, 'name')} denied`
  return `Generation ${generation}${age}${source}: ${size}.`
}

function showTroubles(troubles: readonly string[]): void {
  const list = byId('troubles')
  const shown = troubles.length === 0 ? ['Nothing is wrong.'] : troubles
  if ([...list.children].map(({ textContent }) => textContent).join('\n') === shown.join('\n')) return
  list.classList.toggle('quiet', troubles.length === 0)
  list.replaceChildren(...shown.map((sentence) => element('li', {}, sentence)))
}

function showServices(services: Status['services']): void {
  const place = byId('service-list')
  const summary = byId('services').querySelector('summary')!
  if ('unknown' in services) {
    setText(summary, 'Services: unknown')
    place.replaceChildren(element('p', {}, services.unknown))
    return
  }
  const running = services.filter(({ state }) => state === 'running').length
  setText(summary, `Services: ${running} of ${services.length} running`)
  const rows = services.map(({ name, state, since, restarts, description }) => [
    name,
    state,
    since === undefined ? '–' : formatDuration(Date.now() - since),
    String(restarts),
    description.replace(/^Clawgress /, ''),
  ])
  place.replaceChildren(table('Services', ['Service', 'State', 'For', 'Restarts', 'Task'], rows))
}
