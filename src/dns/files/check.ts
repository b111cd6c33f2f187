import { execFile } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../../base/errors.ts'
import { type EntryLines, NEWLINE, NO_ENTRIES } from '../zones/entry-lines.ts'
import type { PlannedView, PlannedZone } from '../zones/plan-zones.ts'
import { printZone } from '../zones/print-zone.ts'
import { ACTION_TARGET, ZONES, zoneFile } from '../zones/zone-names.ts'
import type { BindIds } from './ownership.ts'
import { writeText } from './write.ts'

/** Zones of up to twice this many entries are checked whole; of larger ones this many entries from each end. */
const CHECKED_ENTRIES = 5_000
const CHECK_TIMEOUT = 30_000
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin'

/** A configuration as it will be, with the live paths that it names, and what the zones shall hold. */
export interface Checked {
  readonly conf: string
  readonly live: { readonly zones: string; readonly rootHints: string }
  readonly views: readonly PlannedView[]
}

/**
 * Checks configuration and zones before they are used, below `folder`, in one run of named-checkconf, which loads the
 * zones too. Every line of a zone has to say exactly what the zone is for, because named takes a misspelt target for an
 * ordinary alias and lets the name through; and no line may be left out. Loading a million names takes named 10 s, so a
 * large zone is checked by both its ends: the rest comes from the same printer, from names whose every octet was looked
 * at, and named itself loads all of it or none. Throws `apply.check` with named-checkconf's words.
 */
export async function checkNamed({ conf, live, views }: Checked, folder: string, ids: BindIds): Promise<void> {
  const aside = join(folder, 'check')
  mkdirSync(aside, { recursive: true })
  try {
    for (const { view, zones } of views)
      for (const name of ZONES) writeText(join(aside, zoneFile(view, name)), excerpt(zones[name]), ids)
    const file = join(aside, 'named.conf')
    const moved = conf
      .replaceAll(`"${live.zones}/`, `"${aside}/`)
      .replaceAll(`"${live.rootHints}"`, `"${join(folder, 'root.hints')}"`)
    writeText(file, moved, ids)
    await checkConf(file)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

async function checkConf(file: string): Promise<void> {
  const { code, output } = await run('named-checkconf', ['-z', file])
  const complaints = output.filter((line) => !/: loaded serial [0-9]+$/.test(line))
  // Warnings about the configuration are for named's log; a zone has nothing that may be warned of.
  if (code === 0 && !complaints.some((line) => !line.startsWith(`${file}:`))) return
  fail('apply.check', `named-checkconf refused what was generated: ${complaints.slice(0, 5).join('; ')}.`, { file })
}

function excerpt(zone: PlannedZone): string {
  const lines = bothEnds(zone.lines ?? NO_ENTRIES)
  const text = Buffer.concat([...printZone({ ...zone, lines })]).toString('latin1')
  if (zone.action === 'local') checkRecords(text)
  else checkTargets(text, ACTION_TARGET[zone.action])
  return text
}

const ADDRESS = /^[a-z0-9_.-]+ (?:A [0-9.]+|AAAA [0-9a-f:]+)$/
const RECORD = /^([a-z0-9_*.-]+) CNAME (\S+)$/
const FRAME = /^(?:\$TTL 60|@ (?:SOA|NS) [a-z0-9. ]+|h[0-9a-f]{16}\.[grob]\.~~clawgress TXT "[0-9a-f]{16}")$/

/** Every line of a zone file is an entry with exactly this target, or part of the fixed frame. Throws `apply.check`. */
export function checkTargets(text: string, target: string): void {
  for (const [index, line] of text.split('\n').entries()) {
    const entry = RECORD.exec(line)
    if (entry === null ? line === '' || FRAME.test(line) : entry[2] === target) continue
    fail('apply.check', 'A line of a zone file does not say what its zone is for.', { line: index + 1 })
  }
}

/** Every line of the gateway's own zone is an address, or part of the fixed frame. Throws `apply.check`. */
export function checkRecords(text: string): void {
  const wrong = text.split('\n').findIndex((line) => line !== '' && !ADDRESS.test(line) && !FRAME.test(line))
  if (wrong >= 0) fail('apply.check', "A line of the gateway's own zone file is no address.", { line: wrong + 1 })
}

function bothEnds(lines: EntryLines): EntryLines {
  if (lines.count <= 2 * CHECKED_ENTRIES) return lines
  let head = 0
  let tail = lines.bytes.length - 1
  for (let i = 0; i < CHECKED_ENTRIES; i++) {
    head = lines.bytes.indexOf(NEWLINE, head) + 1
    tail = lines.bytes.lastIndexOf(NEWLINE, tail - 1)
  }
  return {
    bytes: Buffer.concat([lines.bytes.subarray(0, head), lines.bytes.subarray(tail + 1)]),
    count: 2 * CHECKED_ENTRIES,
  }
}

function run(program: string, args: readonly string[]): Promise<{ code: number; output: string[] }> {
  return new Promise((resolve) => {
    const options = { timeout: CHECK_TIMEOUT, maxBuffer: 1 << 20, env: { PATH, LC_ALL: 'C' } }
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const lines = `${stdout}${stderr}`.replace(/[^\x20-\x7e\n]/g, ' ').split('\n')
      const output = lines.map((line) => line.trim()).filter((line) => line !== '')
      if (error === null) return resolve({ code: 0, output })
      if (typeof error.code === 'number') return resolve({ code: error.code, output })
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      const why = missing ? 'is not installed; install the package bind9-utils' : 'did not finish'
      return resolve({ code: 1, output: [`${program} ${why}.`] })
    })
  })
}
