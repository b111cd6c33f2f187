import { existsSync } from 'node:fs'
import type { Layout } from './layout.ts'

/**
 * Does this machine have VyOS's own configuration system? A lab on it has ours. Told by its program: our package has
 * templates for it on every machine.
 */
export const hasVyosConfiguration = (layout: Layout): boolean =>
  layout.root === '' && existsSync('/usr/bin/cli-shell-api')
