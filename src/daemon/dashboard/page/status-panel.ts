import { byId, element, setText, table } from './dom.ts'
import { counted, formatDuration, formatTime, withLocalTimes } from './format.ts'
import type { Status } from './gateway-facts.ts'

/** Is the policy enforced, by which generation, since when, and what is to be looked at. */
export function showStatus(status: Status): void {
  showState(
    status.enforcing ? 'Enforcing' : 'Not enforcing',
    !status.enforcing ? 'bad' : status.troubles.length > 0 ? 'warn' : 'good',
  )
  setText(byId('state-detail'), detail(status))
  showTroubles(status)
  showServices(status.services)
}

/** The gateway does not answer: what was shown before is not known any more. */
export function showUnknown(): void {
  showState('Unknown', 'bad')
}

function showState(state: string, look: 'good' | 'warn' | 'bad'): void {
  setText(byId('state'), state)
  byId('now').dataset.state = look
  // Tabs show the beginning.
  document.title = `${state} · ${location.hostname} · Clawgress`
}

function detail(status: Status): string {
  const { generation, since, policyFile, allowedDomains = 0, deniedDomains = 0, allowedPrefixes = 0 } = status
  if (status.disabled === true) return 'The gateway is switched off in the configuration (service clawgress disable).'
  if (generation === undefined) return 'No policy is live.'
  const source = typeof policyFile === 'string' ? `, from ${policyFile}` : ''
  const size = `${counted(allowedDomains, 'name')} and ${counted(allowedPrefixes, 'prefix', 'prefixes')} allowed, ${counted(deniedDomains, 'name')} denied`
  return `Generation ${generation}${since === undefined ? '' : sinceText(Date.parse(since))}${source}: ${size}.`
}

const sinceText = (time: number): string =>
  `, live since ${formatTime(time, Date.now(), false)} (${formatDuration(Date.now() - time)})`

function showTroubles({ troubles, enforcing }: Status): void {
  const list = byId('troubles')
  const isFine = troubles.length === 0 && enforcing
  const shown = isFine ? ['Nothing is wrong.'] : troubles.map(withLocalTimes)
  if ([...list.children].map(({ textContent }) => textContent).join('\n') === shown.join('\n')) return
  list.classList.toggle('quiet', isFine)
  list.replaceChildren(...shown.map((sentence) => element('li', {}, sentence)))
}

function showServices(services: Status['services']): void {
  const place = byId('service-list')
  const summary = byId('services').querySelector('summary')!
  byId('services').hidden = services === undefined
  if (services === undefined) return
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
