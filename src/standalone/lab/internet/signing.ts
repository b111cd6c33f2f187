import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { printZone, root, rootHints, sites, topLevel, type Zone } from './zones.ts'

export interface PublishedZone {
  readonly zone: Zone
  readonly file: string
}

export interface PublishedTree {
  readonly zones: readonly PublishedZone[]
  /** Text of a `trust-anchors` clause with the root's key (BIND ARM, "trust-anchors"). */
  readonly trustAnchors: string
  readonly rootHints: string
}

/**
 * Writes and signs all zones below `folder`, children before parents, because a parent signs its children's DS. Each
 * zone has one key of its own (ECDSA P-256) for keys and data alike.
 */
export async function publishTree(folder: string): Promise<PublishedTree> {
  await mkdir(join(folder, 'keys'), { recursive: true })
  const ds = new Map<string, string>()
  const publishAll = (zones: readonly Zone[]) => Promise.all(zones.map((zone) => publish(folder, zone, ds)))
  const leaves = await publishAll(sites())
  const tlds = await publishAll(topLevel(ds))
  const top = await publishAll([root(ds)])
  return {
    zones: [...leaves, ...tlds, ...top],
    trustAnchors: await trustAnchors(folder),
    rootHints: rootHints(),
  }
}

async function publish(folder: string, zone: Zone, ds: Map<string, string>): Promise<PublishedZone> {
  const label = zone.name === '' ? 'root' : zone.name
  const file = join(folder, `${label}.zone`)
  await writeFile(file, printZone(zone))
  if (zone.security === 'unsigned') return { zone, file }
  const origin = `${zone.name}.`
  const keys = join(folder, 'keys', label)
  await mkdir(keys)
  await execa('dnssec-keygen', ['-q', '-K', keys, '-a', 'ECDSAP256SHA256', '-f', 'KSK', origin])
  await execa('dnssec-signzone', [
    ...['-S', '-z', '-P', '-q', '-K', keys, '-d', keys, '-o', origin, '-f', `${file}.signed`, file],
  ])
  const digest = (await readFile(join(keys, `dsset-${origin}`), 'utf8')).trim().replace(/\s+/g, ' ')
  ds.set(zone.name, zone.security === 'bogus' ? spoilDigest(digest) : digest)
  return { zone, file: `${file}.signed` }
}

/** Changes the last hexadecimal digit. */
const spoilDigest = (ds: string): string => `${ds.slice(0, -1)}${ds.endsWith('0') ? '1' : '0'}`

async function trustAnchors(folder: string): Promise<string> {
  const { stdout } = await execa('dnssec-dsfromkey', ['-f', join(folder, 'root.zone.signed'), '.'])
  const key = /^\. IN DS (\d+) (\d+) (\d+) ([0-9A-F ]+)$/m.exec(stdout)
  if (key === null) throw new Error('the lab could not read the key of its root zone')
  return `trust-anchors { . static-ds ${key[1]} ${key[2]} ${key[3]} "${key[4]!.replaceAll(' ', '')}"; };\n`
}
