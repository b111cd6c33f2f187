import { jsonFields } from './json-fields.ts'
import { canonicalAddress, isInstant, loggedName, type RawDenial, reasonCode } from './raw-denial.ts'

/**
 * Reads one line of the pinner's denials: `{t, group, name, type, reason, target?, address?}`, `t` in milliseconds
 * since the epoch or ISO 8601. Undefined where the line is none.
 */
export function parsePinnerLine(line: string): RawDenial | undefined {
  const fields = jsonFields(line)
  if (fields === undefined) return undefined
  const reason = reasonCode(fields.reason)
  const name = loggedName(fields.name)
  const time = typeof fields.t === 'number' ? fields.t : Date.parse(String(fields.t))
  if (reason === undefined || name === undefined || !isInstant(time)) return undefined
  const client = canonicalAddress(fields.client)
  const target = loggedName(fields.target)
  const address = canonicalAddress(fields.address)
  return {
    source: 'pinner',
    time,
    reason,
    name,
    ...(client === undefined ? {} : { client }),
    ...(typeof fields.group === 'string' || typeof fields.group === 'number' ? { group: String(fields.group) } : {}),
    ...(typeof fields.type === 'string' && /^[A-Z0-9-]{1,16}$/.test(fields.type) ? { queryType: fields.type } : {}),
    ...(target === undefined || target === name ? {} : { target }),
    ...(address === undefined ? {} : { address }),
  }
}
