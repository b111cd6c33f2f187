import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { readRegularFile } from '../../base/regular-file.ts'
import {
  type ConfigDict,
  type ConfigTree,
  configDict,
  footerVersions,
  loadDefinitions,
  loadVersions,
  parseConfig,
} from '../../vyos/index.ts'
import { DictReader } from '../settings/dict-reader.ts'
import { clientInterfacesNamed } from './damaged-configuration.ts'

/** Larger ones are no configuration of a router. */
const MAX_BYTES = 64 << 20
/** The footer stands at the end, within so many octets. */
const FOOTER_BYTES = 64 << 10

const savedFile = (layout: Layout): string => join(layout.config, 'config.boot')

/**
 * Client interfaces that the saved configuration wants to have policed, also where it is damaged; none where it cannot be
 * read at all, or says `disable`.
 */
export function savedClientInterfaces(layout: Layout): readonly string[] {
  const content = readRegularFile(savedFile(layout), MAX_BYTES)
  if ('fault' in content) return []
  const text = content.bytes.toString('utf8')
  let tree: ConfigTree
  try {
    tree = parseConfig(text)
  } catch {
    return clientInterfacesNamed(text)
  }
  if (tree.has(['service', 'clawgress', 'disable'])) return []
  return tree.get(['service', 'clawgress', 'client', 'interface'])?.values ?? []
}

/** Whether the saved configuration holds `service clawgress` as it is running: `running` is without defaults. */
export function isSaved(layout: Layout, running: ConfigDict): boolean {
  const content = readRegularFile(savedFile(layout), MAX_BYTES)
  if ('fault' in content) return false
  let tree: ConfigTree
  try {
    tree = parseConfig(content.bytes.toString('utf8'))
  } catch {
    return false
  }
  const saved = configDict(tree, loadDefinitions(), ['service', 'clawgress'], { withDefaults: false })
  return isDeepStrictEqual(saved, running)
}

/**
 * Refuses while the saved configuration is one of a newer version: VyOS drops nodes that it does not know when it loads
 * a file, without a word, so that what is left may say something else. Throws ClawgressError `config.version`.
 */
export function refuseNewerConfiguration(layout: Layout): void {
  const saved = footerVersions(footerOf(savedFile(layout))).get('clawgress') ?? 0
  const known = loadVersions().get('clawgress') ?? 0
  if (saved <= known) return
  fail(
    'config.version',
    `The saved configuration was written by a newer version of Clawgress (component version ${saved}; this one knows ${known}), so parts of it may be missing here. Install that version; or, where this configuration is what you want, save and commit again.`,
    { file: savedFile(layout) },
  )
}

/**
 * Refuses while nodes are noted that VyOS left out of a newer version's file (`vyos-build/migrate/note_left_out.py`).
 * Throws ClawgressError `config.version`.
 */
export function refuseLeftOut(proposed: ConfigDict): void {
  const noted = new DictReader(proposed, 'service clawgress').list('left-out')
  if (noted.length === 0) return
  fail(
    'config.version',
    `The configuration was written by a newer version of Clawgress, and these nodes were left out: ${noted.join(', ')}. Install that version and load the file again; or, where what is left says what you want, delete service clawgress left-out and commit.`,
    { path: 'service clawgress left-out' },
  )
}

function footerOf(file: string): string {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
  try {
    const buffer = Buffer.alloc(FOOTER_BYTES)
    const start = Math.max(0, fstatSync(fd).size - FOOTER_BYTES)
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, FOOTER_BYTES, start))
  } finally {
    closeSync(fd)
  }
}
