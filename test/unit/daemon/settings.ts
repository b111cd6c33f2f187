import { planSettings } from '../../support/plan-settings.ts'

/** A router with one client interface, for Plans of tests. */
export const testSettings = planSettings({ pinSlack: 300 })
