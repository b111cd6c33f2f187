import { existsSync } from 'node:fs'
import type { Layout } from './layout.ts'

/** Does this machine have VyOS's own configuration system? A lab on it has ours. */
export const hasVyosConfiguration = (layout: Layout): boolean =>
  layout.root === '' && existsSync('/opt/vyatta/share/vyatta-cfg')
