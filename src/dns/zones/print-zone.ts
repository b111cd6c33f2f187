import { forEachLine } from './entry-lines.ts'
import type { PlannedZone } from './plan-zones.ts'
import { ACTION_TARGET, canaryName } from './zone-names.ts'

const CHUNK = 1 << 20
/** Room that a line needs at most: a name of 253 octets, the target and the punctuation. */
const LONGEST_LINE = 300

/**
 * Prints a zone file (RFC 1035 section 5) in chunks of about 1 MiB: head, one CNAME an entry (or the records of a zone
 * that answers by itself), and last the canary.
 * The deny zone holds the apex wildcard alone, without a canary: any other name in it would be a hole.
 */
export function* printZone(zone: PlannedZone): Generator<Buffer> {
  yield Buffer.from(`$TTL 60\n@ SOA . . ${zone.serial} 3600 600 86400 60\n@ NS localhost.\n`)
  if (zone.zone === 'd') {
    yield Buffer.from(`* CNAME ${targetOf(zone)}\n`)
    return
  }
  if (zone.lines === undefined) throw new Error('a zone that is kept is not printed')
  if (zone.action === 'local') for (const record of zone.records ?? []) yield Buffer.from(`${record}\n`)
  else yield* printEntries(zone.lines.bytes, Buffer.from(` CNAME ${targetOf(zone)}\n`))
  yield Buffer.from(`${canaryName(zone.zone, zone.hash)} TXT "${zone.hash}"\n`)
}

const targetOf = ({ action }: PlannedZone): string => (action === 'local' ? '' : ACTION_TARGET[action])

function printEntries(bytes: Buffer, ending: Buffer): Buffer[] {
  const chunks: Buffer[] = []
  let chunk = Buffer.allocUnsafe(CHUNK)
  let used = 0
  forEachLine(bytes, (start, end) => {
    if (used + LONGEST_LINE > CHUNK) {
      chunks.push(chunk.subarray(0, used))
      chunk = Buffer.allocUnsafe(CHUNK)
      used = 0
    }
    for (let i = start; i < end; i++) chunk[used++] = bytes[i]!
    for (let i = 0; i < ending.length; i++) chunk[used++] = ending[i]!
  })
  chunks.push(chunk.subarray(0, used))
  return chunks
}
