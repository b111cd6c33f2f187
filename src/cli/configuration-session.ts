import type { Layout } from '../base/layout.ts'
import { hasVyosConfiguration } from '../base/vyos-machine.ts'
import type { ConfigurationSession } from '../conf_mode/session/configuration-session.ts'

/** The configuration system of this machine: VyOS's where there is one. */
export async function configurationSession(layout: Layout): Promise<ConfigurationSession> {
  if (hasVyosConfiguration(layout)) return (await import('../conf_mode/session/vyos-session.ts')).vyosSession()
  return (await import('../standalone/session/own-session.ts')).ownSession(layout)
}
