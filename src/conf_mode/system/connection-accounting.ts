import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceWhole } from '../../base/atomic-file.ts'
import type { Layout } from '../../base/layout.ts'

/** Octets and packets of every connection, and when it began (Documentation/networking/nf_conntrack-sysctl.rst). */
const SETTINGS = ['nf_conntrack_acct', 'nf_conntrack_timestamp']

const path = (setting: string) => join('/proc/sys/net/netfilter', setting)
const changedFile = (layout: Layout) => join(layout.run, 'connection-accounting.json')

/**
 * Turns on what flow records are made of, for connections that begin from now on, and notes what it changed. VyOS does
 * the same for `system conntrack flow-accounting`; a commit of that node may turn it off, and the next of ours on. Never
 * throws: without it flows are recorded without octets, and the daemon says so.
 */
export function turnAccountingOn(layout: Layout): void {
  const changed = SETTINGS.filter((setting) => set(setting, '0', '1'))
  if (changed.length === 0) return
  try {
    replaceWhole(changedFile(layout), JSON.stringify([...new Set([...readChanged(layout), ...changed])]), 0o600)
  } catch {
    // It stays on after the node is deleted, and costs nothing worth a failed commit.
  }
}

/** Turns off what was off before. Never throws. */
export function putAccountingBack(layout: Layout): void {
  for (const setting of readChanged(layout)) set(setting, '1', '0')
  rmSync(changedFile(layout), { force: true })
}

/** True where the setting was `from` and is `to` now. */
function set(setting: string, from: string, to: string): boolean {
  try {
    if (readFileSync(path(setting), 'latin1').trim() !== from) return false
    writeFileSync(path(setting), to)
    return true
  } catch {
    return false
  }
}

function readChanged(layout: Layout): string[] {
  if (!existsSync(changedFile(layout))) return []
  try {
    const changed = JSON.parse(readFileSync(changedFile(layout), 'latin1')) as unknown
    return Array.isArray(changed) ? SETTINGS.filter((setting) => changed.includes(setting)) : []
  } catch {
    return []
  }
}
