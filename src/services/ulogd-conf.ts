import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ENDPOINTS } from '../base/endpoints.ts'
import { fail } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { renderTemplate } from '../base/template.ts'

const PLUGINS = ['inppkt_NFLOG', 'inpflow_NFCT', 'raw2packet_BASE', 'filter_IFINDEX', 'filter_IP2STR', 'output_JSON']

/**
 * Configuration of the gateway's own ulogd2 (ulogd.conf as Debian's package documents it): NFLOG group 5 to one JSON
 * line a packet in `${run}/log/nflog.json`, ended connections to one a connection in `${run}/log/flows.json`,
 * unbuffered. Throws `system.missing-program` where ulogd2 or its JSON
 * plugin (package ulogd2-json) is not installed.
 */
export function printUlogdConf(layout: Layout, libraryFolders: readonly string[] = defaultLibraryFolders()): string {
  const folder = libraryFolders.find((candidate) => PLUGINS.every((name) => existsSync(pluginPath(candidate, name))))
  if (folder === undefined)
    fail(
      'system.missing-program',
      'ulogd2 with its JSON output is not installed (packages ulogd2 and ulogd2-json); denied packets and ended connections could not be recorded.',
    )
  return renderTemplate('ulogd.conf.hbs', {
    plugins: PLUGINS.map((name) => pluginPath(folder, name)),
    group: ENDPOINTS.nflogGroup,
    records: runtimePaths(layout).nflogRecords,
    flows: runtimePaths(layout).endedFlows,
  })
}

const pluginPath = (folder: string, name: string): string => join(folder, `ulogd_${name}.so`)

/** `/usr/lib/x86_64-linux-gnu/ulogd` on amd64, `/usr/lib/aarch64-linux-gnu/ulogd` on arm64, `/usr/lib/ulogd` elsewhere. */
function defaultLibraryFolders(): string[] {
  const triplets = readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'))
  return [...triplets.map((name) => join('/usr/lib', name, 'ulogd')), '/usr/lib/ulogd']
}
