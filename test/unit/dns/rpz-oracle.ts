import type { PlannedView, PlannedZone } from '../../../src/dns/zones/plan-zones.ts'
import { printZone } from '../../../src/dns/zones/print-zone.ts'
import { ZONES } from '../../../src/dns/zones/zone-names.ts'

/** Owners and CNAME targets of a zone file as it was printed. */
export type ZoneRecords = ReadonlyMap<string, string>

export function readZone(text: string): ZoneRecords {
  const records = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [owner, type, value] = line.split(' ')
    if (type === 'CNAME' || type === 'TXT') records.set(owner!, value!)
  }
  return records
}

export const printed = (zone: PlannedZone): string => Buffer.concat([...printZone(zone)]).toString('latin1')

/** Looks a name up in one zone by the rules of RFC 4592: exact, else the wildcard of the closest encloser, if any. */
function lookUp(records: ZoneRecords, name: string): string | undefined {
  const exact = records.get(name)
  if (exact !== undefined) return exact
  const exists = (node: string) => {
    for (const owner of records.keys()) if (owner === node || owner.endsWith(`.${node}`)) return true
    return false
  }
  if (exists(name)) return undefined
  const labels = name.split('.')
  for (let i = 1; i < labels.length; i++) {
    const encloser = labels.slice(i).join('.')
    if (exists(encloser)) return records.get(`*.${encloser}`)
  }
  return records.get('*')
}

/** What a view's zones, asked in named's order, do with a name. */
export function answer(zones: readonly ZoneRecords[], name: string): string {
  for (const records of zones) {
    const target = lookUp(records, name)
    if (target !== undefined) return target
  }
  return 'resolved'
}

/** The zones of a planned view; `base` stands in for a base that is kept. */
export const zonesOf = (view: PlannedView, base?: ZoneRecords): ZoneRecords[] =>
  ZONES.map((name) => (view.zones[name].lines === undefined ? base! : readZone(printed(view.zones[name]))))
