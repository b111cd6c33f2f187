/**
 * Hash of a name, computed from its last octet to its first, so that one pass over a name gives the hashes of all its
 * suffixes (FNV-1a, RFC 9923), each finished with MurmurHash3's mixer because FNV alone spreads its high bits badly.
 */
export const HASH_START = 0x811c9dc5 | 0

export const hashOctet = (hash: number, octet: number): number => Math.imul(hash ^ octet, 0x01000193)

/** Unsigned 32-bit hash of everything fed so far. */
export function finishHash(state: number): number {
  let hash = state
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Hash of `bytes[start, end)`. */
export function hashName(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_START
  for (let i = end - 1; i >= start; i--) hash = hashOctet(hash, bytes[i]!)
  return finishHash(hash)
}
