import { type Prefix, parsePrefix } from '../../../src/base/address.ts'
import type { PlanSettings } from '../../../src/plan/index.ts'
import { planSettings } from '../../support/plan-settings.ts'

export const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text)
  if (parsed === undefined || parsed.hostBits) throw new Error(`${text} is no prefix`)
  return { family: parsed.family, bytes: parsed.bytes, length: parsed.length }
}

/** Settings of a small gateway; `own` are its addresses and on-link prefixes. */
export const settingsWith = (own: string[] = [], clientNetworks: string[] = []): PlanSettings =>
  planSettings({
    clientInterfaces: ['eth1'],
    clientNetworks: clientNetworks.map(prefix),
    listenAddresses: ['10.20.0.1', 'fd00:20::1'],
    ownPrefixes: own.map(prefix),
    syslogFacility: 'local0',
  })
