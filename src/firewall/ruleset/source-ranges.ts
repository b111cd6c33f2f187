import { type AddressBytes, compareBytes, type Family, formatAddress, type Prefix } from '../../base/address.ts'

/** Addresses first … last belong to `value`. */
export interface Range<Value> {
  readonly first: AddressBytes
  readonly last: AddressBytes
  readonly value: Value
}

/**
 * Nested prefixes as ranges that do not overlap, the longest prefix winning: an nft interval map takes no overlap.
 * Linear in the number of prefixes after sorting.
 */
export function disjointRanges<Value>(
  entries: readonly { readonly prefix: Prefix; readonly value: Value }[],
  family: Family,
): Range<Value>[] {
  const sorted = entries
    .filter((entry) => entry.prefix.family === family)
    .sort((a, b) => compareBytes(a.prefix.bytes, b.prefix.bytes) || a.prefix.length - b.prefix.length)
  const ranges: Range<Value>[] = []
  const open: { last: AddressBytes; value: Value }[] = []
  let next: AddressBytes | undefined
  const emit = (first: AddressBytes, last: AddressBytes, value: Value) => {
    if (compareBytes(first, last) <= 0) ranges.push({ first, last, value })
  }
  const close = () => {
    const done = open.pop()!
    if (next !== undefined) emit(next, done.last, done.value)
    next = successor(done.last)
  }
  for (const { prefix, value } of sorted) {
    while (open.length > 0 && compareBytes(open.at(-1)!.last, prefix.bytes) < 0) close()
    const outer = open.at(-1)
    const before = predecessor(prefix.bytes)
    if (outer !== undefined && next !== undefined && before !== undefined) emit(next, before, outer.value)
    open.push({ last: lastAddress(prefix), value })
    next = prefix.bytes
  }
  while (open.length > 0) close()
  return ranges
}

/** As nft takes it in an interval set or map. */
export const formatRange = (range: Range<unknown>): string =>
  compareBytes(range.first, range.last) === 0
    ? formatAddress(range.first)
    : `${formatAddress(range.first)}-${formatAddress(range.last)}`

function lastAddress(prefix: Prefix): AddressBytes {
  return prefix.bytes.map((octet, index) => octet | (0xff >> Math.min(8, Math.max(0, prefix.length - index * 8))))
}

/** The next address, undefined after the last one. */
function successor(bytes: AddressBytes): AddressBytes | undefined {
  const result = Uint8Array.from(bytes)
  for (let i = result.length - 1; i >= 0; i--) {
    if (result[i] === 255) result[i] = 0
    else {
      result[i]!++
      return result
    }
  }
  return undefined
}

function predecessor(bytes: AddressBytes): AddressBytes | undefined {
  const result = Uint8Array.from(bytes)
  for (let i = result.length - 1; i >= 0; i--) {
    if (result[i] === 0) result[i] = 255
    else {
      result[i]!--
      return result
    }
  }
  return undefined
}
