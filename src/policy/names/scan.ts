import { MAX_NAME_OCTETS } from './normalise.ts'
import { DOT, type Kind } from './table.ts'
import type { NameTableBuilder } from './table-builder.ts'

const QUOTE = 0x22
const STAR = 0x2a
const HYPHEN = 0x2d

/** For octets of plain names: what they become (lower case); 0 for every other octet. */
const PLAIN = new Uint8Array(256)
for (const octet of Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789-_')) PLAIN[octet] = octet
for (const octet of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ')) PLAIN[octet] = octet + 32

/**
 * The fast way for the strings of a large list: copies the plain ASCII name after the opening quote at `start - 1`
 * into the builder, checking it on the way. Returns the offset past the closing quote; or -1, with nothing added,
 * where the string is anything that needs a closer look (escapes, wildcards, addresses, every fault).
 */
export function scanPlainName(
  bytes: Buffer,
  start: number,
  builder: NameTableBuilder,
  kind: Kind,
  position: number,
): number {
  const first = builder.begin(MAX_NAME_OCTETS + 2)
  const { blob } = builder
  const limit = first + MAX_NAME_OCTETS
  let out = first
  let label = first
  let at = start
  for (; at < bytes.length && out <= limit; at++) {
    const octet = bytes[at]!
    const plain = PLAIN[octet]!
    if (plain !== 0) {
      blob[out++] = plain
    } else if (octet === DOT) {
      if (out === label || out - label > 63) return -1
      blob[out++] = DOT
      label = out
    } else break
  }
  if (at >= bytes.length || bytes[at] !== QUOTE || out > limit) return -1
  if (out === label) {
    if (out === first) return -1
    out--
    label = first
    for (let i = out - 1; i >= first; i--) {
      if (blob[i] === DOT) {
        label = i + 1
        break
      }
    }
  } else if (out - label > 63) return -1
  const lead = blob[label]!
  if ((lead >= 0x30 && lead <= 0x39) || blob[first] === HYPHEN) return -1
  builder.end(out, kind, 0, position)
  return at + 1
}

/** Does the string after the opening quote begin with `*.`? */
export const startsWildcard = (bytes: Buffer, start: number): boolean =>
  bytes[start] === STAR && bytes[start + 1] === DOT
