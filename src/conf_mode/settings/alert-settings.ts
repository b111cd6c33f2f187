import type { Problem } from '../../base/errors.ts'
import { REASONS, type ReasonCode } from '../../base/reasons.ts'
import { BUILT_IN_ALERTS, type BuiltInAlert } from '../../daemon/alerts/built-in.ts'
import { type AlertSettings, LEARNING_HOURS, WEBHOOK_SECRET } from '../../daemon/alerts/settings.ts'
import type { Plan } from '../../plan/types.ts'
import type { ConfigDict } from '../../vyos/index.ts'
import { DictReader } from './dict-reader.ts'
import { authorityCertificate } from './pki.ts'

const BASE = 'service clawgress alert'

/** Each of them is watched by itself, and each alert is offered to each webhook. */
const MAX_RULES = 100
const MAX_WEBHOOKS = 16

/** What a configuration says about alerts. */
export interface AlertConfiguration {
  /** Undefined: nothing is configured, or it has problems. */
  readonly settings: AlertSettings | undefined
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

type Report = (code: Problem['code'], words: string, message: string) => void

/** Checks `alert` against itself and `pki`; every problem is reported. */
export function readAlertSettings(config: ConfigDict, pki: ConfigDict | null): AlertConfiguration {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const root = new DictReader(config, 'service clawgress')
  if (!root.has('alert')) return { settings: undefined, problems, warnings }
  const node = root.child('alert')
  const into =
    (list: Problem[]): Report =>
    (code, words, message) =>
      list.push({ code, path: `${BASE} ${words}`, message })
  const report = into(problems)
  const rules = node.tags('rule')
  const hooks = node.tags('webhook')
  if (rules.length > MAX_RULES) report('config.value', 'rule', `At most ${MAX_RULES} rules are possible.`)
  if (hooks.length > MAX_WEBHOOKS) report('config.value', 'webhook', `At most ${MAX_WEBHOOKS} webhooks are possible.`)
  const webhooks = hooks.flatMap(([id, hook]) => readWebhook(id, hook, pki, report, into(warnings)))
  const learning = node.leaf('learning-period') ?? String(LEARNING_HOURS)
  if (!/^(0|[1-9][0-9]{0,2})$/.test(learning))
    report('config.value', 'learning-period', `"${learning}" is not a whole number of hours from 0 to 999.`)
  const ids = new Set(hooks.map(([id]) => id))
  const settings: AlertSettings = {
    rules: rules.flatMap(([name, rule]) => readRule(name, rule, ids, report)),
    webhooks,
    silenced: node.list('silence').flatMap((event) => {
      if (Object.hasOwn(BUILT_IN_ALERTS, event)) return [event as BuiltInAlert]
      report('config.value', 'silence', `There is no built-in alert "${event}".`)
      return []
    }),
    learningHours: Number(learning),
  }
  return { settings: problems.length === 0 ? settings : undefined, problems, warnings }
}

function readRule(
  name: string,
  node: DictReader,
  webhooks: ReadonlySet<string>,
  report: Report,
): AlertSettings['rules'] {
  const words = `rule ${name}`
  const threshold = node.leaf('threshold')
  const interval = node.leaf('interval') ?? '300'
  for (const [leaf, value] of Object.entries({ threshold, interval }))
    if (value !== undefined && !/^[1-9][0-9]{0,7}$/.test(value))
      report('config.value', `${words} ${leaf}`, `"${value}" is not a whole number above 0.`)
  if (threshold === undefined)
    report('config.missing', `${words} threshold`, `Set how many denials are too many for rule ${name}.`)
  for (const reason of node.list('reason'))
    if (!Object.hasOwn(REASONS, reason) || reason.startsWith('allow.'))
      report('config.value', `${words} reason`, `"${reason}" is no reason of denials; docs/reasons.md lists them.`)
  const told = node.list('webhook')
  for (const id of told)
    if (!webhooks.has(id))
      report('config.conflict', `${words} webhook`, `There is no webhook ${id}; set alert webhook ${id} url first.`)
  return [
    {
      name,
      reasons: node.list('reason') as ReasonCode[],
      groups: [...node.list('group')],
      threshold: Number(threshold ?? '1'),
      intervalSeconds: Number(interval),
      ...(told.length > 0 ? { webhooks: [...told] } : node.has('syslog') ? { webhooks: [] } : {}),
      syslog: told.length === 0 || node.has('syslog'),
    },
  ]
}

function readWebhook(
  id: string,
  node: DictReader,
  pki: ConfigDict | null,
  report: Report,
  warn: Report,
): AlertSettings['webhooks'] {
  const words = `webhook ${id}`
  const url = node.leaf('url')
  const secret = node.leaf('secret')
  const format = node.leaf('format') === 'alertmanager' ? 'alertmanager' : 'webhook'
  if (url === undefined) {
    report('config.missing', `${words} url`, `Set the address that webhook ${id} posts to.`)
    return []
  }
  const fault = urlFault(url)
  if (fault !== undefined) report('config.value', `${words} url`, fault)
  else if (isClearText(new URL(url)))
    warn(
      'config.conflict',
      `${words} url`,
      `Alerts cross the network to ${id} in clear text; use https where it is served.`,
    )
  if (secret === undefined && format === 'webhook')
    report(
      'config.missing',
      `${words} secret`,
      `Without a secret the receiver could not tell our messages from others'; whsec_ and what openssl rand -base64 32 prints makes one.`,
    )
  // VyOS and the session check it too, but what is at stake here is worth a second look.
  if (secret !== undefined && !WEBHOOK_SECRET.test(secret))
    report('config.value', `${words} secret`, `The secret of ${id} must be whsec_ and the Base64 of 24 to 64 octets.`)
  const authority = node.leaf('ca-certificate')
  const found = authority === undefined ? undefined : authorityCertificate(pki, authority)
  if (found !== undefined && 'fault' in found) report('config.value', `${words} ca-certificate`, found.fault)
  return [
    {
      id,
      url,
      format,
      ...(secret === undefined ? {} : { secret }),
      ...(found !== undefined && 'certificate' in found ? { authorities: found.certificate } : {}),
    },
  ]
}

/** Alerts sent there cross a network unencrypted. */
const isClearText = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)

function urlFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) return 'The address is no http or https URL.'
  if (url.username !== '' || url.password !== '')
    return 'The address holds a user or password, which would be shown in many places; use the signature instead.'
  return undefined
}

/** Rules about groups that the policy does not have, which would never fire. */
export const unknownGroupWarnings = (settings: AlertSettings | undefined, plan: Plan): Problem[] => {
  const known = new Set(plan.groups.map(({ name }) => name))
  return (settings?.rules ?? []).flatMap(({ name, groups }) =>
    groups
      .filter((group) => !known.has(group))
      .map((group) => ({
        code: 'config.conflict' as const,
        path: `${BASE} rule ${name} group`,
        message: `The policy has no group ${group}, so rule ${name} does not see denials of it.`,
      })),
  )
}
