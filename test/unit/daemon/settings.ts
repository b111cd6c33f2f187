import type { PlanSettings } from '../../../src/plan/types.ts'

/** A router with one client interface, for Plans of tests. */
export const testSettings: PlanSettings = {
  clientInterfaces: ['c1'],
  clientNetworks: [],
  listenAddresses: ['10.77.0.1', 'fd77:1::1'],
  nameServers: [],
  denyAnswer: 'nxdomain',
  cacheSizeMiB: 64,
  maxTtl: 3600,
  pinSlack: 300,
  denyAction: 'reject',
  keepEstablished: false,
  markMask: 0xfff00000,
  ownPrefixes: [],
  syslogFacility: 'local6',
}
