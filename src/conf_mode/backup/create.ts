import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { writeArchive } from '../../base/archive-file.ts'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { readRegularFile } from '../../base/regular-file.ts'
import type { Member } from '../../base/tar.ts'
import { LONGEST_SETTING_FILE } from '../../dns/index.ts'
import { type ConfigTree, loadVersions, printConfig, updateFooter } from '../../vyos/index.ts'
import { readHistory } from '../policy/history.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { withManifest } from './manifest.ts'
import { CONFIG_MEMBER, FILE_NODES, fileMember, historyMember, SECTION } from './members.ts'
import { refuseWhileRestoring } from './restore-journal.ts'

/** Of the policies that were live before, the newest travel, as many as fit, octets. */
const MAX_HISTORY_BYTES = 128 << 20

/**
 * Writes one archive with everything that makes a fresh machine enforce the same: `service clawgress` of the running
 * configuration, the files that it names below /config, and the history. It holds what the configuration holds, keys
 * included, and is readable by its owner alone. Returns what it says to the operator. Throws ClawgressError.
 */
export function createBackup(layout: Layout, running: ConfigTree, file: string, now = new Date()): string {
  // What it has put in place belongs to a configuration that is not in force yet.
  refuseWhileRestoring(layout)
  const section = running.only(SECTION)
  if (!section.has(SECTION))
    fail('config.missing', 'service clawgress is not configured, so there is nothing to back up.')
  const versions = loadVersions()
  const text = printConfig(section.withFooter(updateFooter('', versions, 'clawgress')))
  const files = FILE_NODES.flatMap((node) => fileOf(layout, section, node))
  const { members: history, entries, left } = historyMembers(layout)
  const members = [{ path: CONFIG_MEMBER, content: Buffer.from(text) }, ...files, ...history]
  writeArchive(file, withManifest(members, now), now)
  const older = left === 0 ? '' : `; ${left} older ones did not fit`
  const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`
  return `Backed up: service clawgress, ${count(files.length, 'file', 'files')}, ${count(entries, 'entry', 'entries')} of the history${older}.`
}

/** Files outside /config are the system's, as /usr/share/dns is: the machine that is restored has its own. */
function fileOf(layout: Layout, section: ConfigTree, node: readonly string[]): Member[] {
  const [typed] = section.get([...SECTION, ...node])?.values ?? []
  if (typed === undefined || !typed.startsWith('/config/')) return []
  const path = fileMember(node)
  if (node[0] === 'policy-file') return [{ path, content: readPolicyFile(layout, typed) }]
  const content = readRegularFile(join(layout.root, typed), LONGEST_SETTING_FILE)
  return 'fault' in content
    ? fail('config.value', `The file ${typed} ${content.fault}.`, { path: [...SECTION, ...node].join(' ') })
    : [{ path, content: content.bytes }]
}

/** The newest entries of the history, whole ones only. */
function historyMembers(layout: Layout): { members: Member[]; entries: number; left: number } {
  const members: Member[] = []
  const all = readHistory(layout).reverse()
  let room = MAX_HISTORY_BYTES
  for (const [index, { folder }] of all.entries()) {
    const files = readdirSync(folder).flatMap((name) => {
      const content = readRegularFile(join(folder, name), room)
      return 'fault' in content ? [] : [{ path: historyMember(basename(folder), name), content: content.bytes }]
    })
    const size = files.reduce((sum, { content }) => sum + content.length, 0)
    if (size > room || files.length < readdirSync(folder).length)
      return { members, entries: index, left: all.length - index }
    room -= size
    members.push(...files)
  }
  return { members, entries: all.length, left: 0 }
}
