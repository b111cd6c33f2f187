import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { footerVersions, loadDefinitions, parseConfig } from '../vyos/index.ts'

/** Larger ones are no configuration of a router. */
const MAX_BYTES = 64 << 20
/** The footer stands at the end, within so many octets. */
const FOOTER_BYTES = 64 << 10

const savedFile = (layout: Layout): string => join(layout.config, 'config.boot')

/** Client interfaces that the saved configuration wants to have policed; none where it cannot be read, or says `disable`. */
export function savedClientInterfaces(layout: Layout): readonly string[] {
  try {
    if (statSync(savedFile(layout)).size > MAX_BYTES) return []
    const tree = parseConfig(readFileSync(savedFile(layout), 'utf8'))
    if (tree.has(['service', 'clawgress', 'disable'])) return []
    return tree.get(['service', 'clawgress', 'client', 'interface'])?.values ?? []
  } catch {
    return []
  }
}

/**
 * Refuses while the saved configuration is one of a newer version: VyOS drops nodes that it does not know when it loads
 * a file, without a word, so that what is left may say something else. Throws ClawgressError `config.version`.
 */
export function refuseNewerConfiguration(layout: Layout): void {
  const saved = footerVersions(footerOf(savedFile(layout))).get('clawgress') ?? 0
  const known = loadDefinitions().versions.get('clawgress') ?? 0
  if (saved <= known) return
  fail(
    'config.version',
    `The saved configuration was written by a newer version of Clawgress (component version ${saved}; this one knows ${known}), so parts of it may be missing here. Install that version; or, where this configuration is what you want, save and commit again.`,
    { file: savedFile(layout) },
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
