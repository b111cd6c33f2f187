import type { PlanSettings } from '../../src/plan/index.ts'

/** Settings of a small gateway: one client interface, both families, everything else as by default. */
export const planSettings = (changes: Partial<PlanSettings> = {}): PlanSettings => ({
  clientInterfaces: ['c1'],
  clientNetworks: [],
  listenAddresses: ['10.77.0.1', 'fd77:1::1'],
  nameServers: [],
  denyAnswer: 'nxdomain',
  cacheSizeMiB: 64,
  maxTtl: 3600,
  pinSlack: 60,
  denyAction: 'reject',
  keepEstablished: false,
  markMask: 0xfff00000,
  ownPrefixes: [],
  syslogFacility: 'local6',
  ...changes,
})
