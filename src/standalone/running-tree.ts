import { execa } from 'execa'
import type { Layout } from '../base/layout.ts'
import { hasVyosConfiguration } from '../base/vyos-machine.ts'
import { type ConfigTree, loadDefinitions, parseConfig } from '../vyos/index.ts'
import { ConfigStore } from './session/config-store.ts'

const MAX_BYTES = 64 << 20
const TIMEOUT_MS = 60_000

/** Everything that is in force on this machine, other services' nodes included. */
export async function runningTree(layout: Layout): Promise<ConfigTree> {
  if (!hasVyosConfiguration(layout)) return new ConfigStore(layout, loadDefinitions()).active()
  const options = { maxBuffer: MAX_BYTES, timeout: TIMEOUT_MS }
  const { stdout } = await execa('/bin/cli-shell-api', ['--show-active-only', 'showConfig'], options)
  return parseConfig(stdout)
}
