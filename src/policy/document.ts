import { entriesOf, portText } from './entries.ts'
import type { PortRange } from './ports.ts'
import type { EntryAttributes, Policy } from './types.ts'

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json }

/** The policy as the text of a policy.json that reads as the same policy; ends with a line end. */
export function printPolicy(policy: Policy): string {
  const lists: Record<'allow' | 'deny', { domains: Json[]; ips: Json[] }> = {
    allow: { domains: [], ips: [] },
    deny: { domains: [], ips: [] },
  }
  const labels = new Map<string, string>()
  for (const { list, what, text, attributes } of entriesOf(policy)) {
    if (list === 'label') labels.set(text, attributes.label!)
    else if (what === 'domain') lists[list].domains.push(entry('name', text, attributes))
    else lists[list].ips.push(entry('prefix', text, attributes))
  }
  const allow = { ...filled(lists.allow), ...(policy.ports === undefined ? {} : { ports: policy.ports.map(port) }) }
  const document = {
    version: 1,
    ...(policy.description === undefined ? {} : { description: policy.description }),
    allow,
    ...(lists.deny.domains.length + lists.deny.ips.length === 0 ? {} : { deny: filled(lists.deny) }),
    ...(labels.size === 0 ? {} : { labels: Object.fromEntries(labels) }),
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

const filled = (lists: Record<string, Json[]>) =>
  Object.fromEntries(Object.entries(lists).filter(([, entries]) => entries.length > 0))

const port = (range: PortRange): Json => (range.first === range.last ? range.first : portText(range))

function entry(key: 'name' | 'prefix', text: string, attributes: EntryAttributes): Json {
  const { ports, protocols, label, reason, publicSuffix, wide } = attributes
  const said = {
    ...(ports === undefined ? {} : { ports: ports.map(port) }),
    ...(protocols === undefined ? {} : { protocols }),
    ...(label === undefined ? {} : { label }),
    ...(reason === undefined ? {} : { reason }),
    ...(publicSuffix === true ? { public_suffix: true } : {}),
    ...(wide === true ? { wide: true } : {}),
  }
  return Object.keys(said).length === 0 ? text : { [key]: text, ...said }
}
