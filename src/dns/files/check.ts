import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail } from '../../base/errors.ts'
import type { EntryLines } from '../zones/entry-lines.ts'
import { NEWLINE } from '../zones/entry-lines.ts'
import type { PlannedZone } from '../zones/plan-zones.ts'
import { printZone } from '../zones/print-zone.ts'
import { ACTION_TARGET } from '../zones/zone-names.ts'
import type { BindIds } from './ownership.ts'
import { writeText } from './write.ts'

/** Zones of up to this many entries are checked whole; of larger ones this many entries from each end. */
const CHECKED_ENTRIES = 10_000
const CHECK_TIMEOUT = 30_000
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin'

/** Lets named-checkconf judge a configuration. Throws `apply.check` with its words. */
export async function checkConf(file: string): Promise<void> {
  const { code, output } = await run('named-checkconf', [file])
  if (code !== 0) fail('apply.check', `named-checkconf refused the generated configuration: ${output}`, { file })
}

/**
 * Checks a zone before it is used: every line says exactly what the zone is for (named takes a misspelt target for an
 * ordinary alias and lets the name through), and named-checkzone loads it without leaving anything out. That takes
 * named-checkzone 12 s for a million names, so a large zone is checked by both its ends: the rest comes from the same
 * printer, from names whose every octet was checked, and named loads all of it or none.
 */
export async function checkZone(zone: PlannedZone, folder: string, ids: BindIds): Promise<void> {
  const { lines } = zone
  if (lines === undefined) return
  const text = Buffer.concat([...printZone({ ...zone, lines: bothEnds(lines) })]).toString('latin1')
  checkTargets(text, ACTION_TARGET[zone.action])
  const aside = mkdtempSync(join(tmpdir(), 'clawgress-check-'))
  try {
    const file = join(aside, 'zone')
    writeText(file, text, ids)
    const { code, output } = await run('named-checkzone', ['-i', 'none', '-k', 'ignore', zone.zone, file])
    if (code !== 0 || /ignoring|warning|error/i.test(output))
      fail('apply.check', `named-checkzone refused zone ${zone.zone}: ${output}`, { file: folder })
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

const RECORD = /^([a-z0-9_*.-]+) CNAME (\S+)$/
const FRAME = /^(?:\$TTL 60|@ (?:SOA|NS) [a-z0-9. ]+|h[0-9a-f]{16}\.[rob]\.~~clawgress TXT "[0-9a-f]{16}")$/

/** Every line of a zone file is an entry with exactly this target, or part of the fixed frame. Throws `apply.check`. */
export function checkTargets(text: string, target: string): void {
  for (const [index, line] of text.split('\n').entries()) {
    const entry = RECORD.exec(line)
    if (entry === null ? line === '' || FRAME.test(line) : entry[2] === target) continue
    fail('apply.check', 'A line of a zone file does not say what its zone is for.', { line: index + 1 })
  }
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

function run(program: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const options = { timeout: CHECK_TIMEOUT, maxBuffer: 1 << 20, env: { PATH, LC_ALL: 'C' } }
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT')
          return resolve({ code: 127, output: `${program} is not installed; install the package bind9-utils.` })
        return resolve({ code: 1, output: `${program} did not finish (${error.message.split('\n')[0]}).` })
      }
      const output = `${stdout}${stderr}`
        .replace(/[^\x20-\x7e\n]/g, ' ')
        .trim()
        .split('\n')
        .slice(0, 5)
        .join('; ')
      resolve({ code: error === null ? 0 : Number(error.code), output })
    })
  })
}
