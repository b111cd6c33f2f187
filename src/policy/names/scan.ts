import { finishHash, HASH_START, hashOctet } from './hash.ts'
import { MAX_NAME_OCTETS } from './normalise.ts'
import { DOT, type Kind } from './table.ts'
import type { NameTableBuilder } from './table-builder.ts'

const QUOTE = 0x22
const HYPHEN = 0x2d
const MAX_LABEL_OCTETS = 63

/** For octets of plain names: what they become (lower case); 0 for every other octet. */
const PLAIN = new Uint8Array(256)
for (const octet of Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789-_.')) PLAIN[octet] = octet
for (const octet of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ')) PLAIN[octet] = octet + 32

/** May a name's last label begin here? Not where it needs a closer look: digits (addresses), `rpz-` (bind9's triggers). */
function beginsPlainly(blob: Uint8Array, at: number): boolean {
  const first = blob[at]!
  if (first >= 0x30 && first <= 0x39) return false
  return !(first === 0x72 && blob[at + 1] === 0x70 && blob[at + 2] === 0x7a && blob[at + 3] === HYPHEN)
}

/**
 * The fast way for the strings of a large list: takes the plain ASCII name after the opening quote at `start - 1`
 * into the builder, checked, copied and hashed in one pass from its end. Returns the offset past the closing quote;
 * or -1, with nothing added, where the string is anything that needs a closer look (escapes, wildcards, addresses,
 * every fault).
 */
export function scanPlainName(
  bytes: Buffer,
  start: number,
  builder: NameTableBuilder,
  kind: Kind,
  position: number,
): number {
  const limit = Math.min(bytes.length, start + MAX_NAME_OCTETS + 2)
  let quote = start
  while (quote < limit && bytes[quote] !== QUOTE) quote++
  if (quote >= limit) return -1
  const end = quote > start && bytes[quote - 1] === DOT ? quote - 1 : quote
  if (end === start || end - start > MAX_NAME_OCTETS || bytes[start] === HYPHEN) return -1
  const shift = builder.begin(MAX_NAME_OCTETS + 1) - start
  const { blob } = builder
  let state = HASH_START
  let labelEnd = end
  for (let at = end - 1; at >= start; at--) {
    const plain = PLAIN[bytes[at]!]!
    if (plain === 0) return -1
    if (plain === DOT) {
      const length = labelEnd - at - 1
      if (length === 0 || length > MAX_LABEL_OCTETS) return -1
      if (labelEnd === end && !beginsPlainly(blob, at + 1 + shift)) return -1
      labelEnd = at
    }
    blob[at + shift] = plain
    state = hashOctet(state, plain)
  }
  if (labelEnd === start || labelEnd - start > MAX_LABEL_OCTETS) return -1
  if (labelEnd === end && !beginsPlainly(blob, start + shift)) return -1
  builder.endHashed(end + shift, kind, 0, position, finishHash(state))
  return quote + 1
}
