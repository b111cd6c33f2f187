/** Line and column of an octet, both 1-based; the column counts characters, not octets. */
export function placeOf(bytes: Uint8Array, offset: number): { line: number; column: number } {
  let line = 1
  let lineStart = 0
  for (let at = bytes.indexOf(0x0a); at >= 0 && at < offset; at = bytes.indexOf(0x0a, at + 1)) {
    line++
    lineStart = at + 1
  }
  let column = 1
  for (let i = lineStart; i < offset; i++) if ((bytes[i]! & 0xc0) !== 0x80) column++
  return { line, column }
}

/** Offset of the first octet that is not part of valid UTF-8 (RFC 3629), or the length where all is valid. */
export function invalidUtf8At(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i]!
    const more =
      lead < 0x80
        ? 0
        : lead >= 0xc2 && lead < 0xe0
          ? 1
          : (lead & 0xf0) === 0xe0
            ? 2
            : lead >= 0xf0 && lead < 0xf5
              ? 3
              : -1
    if (more < 0) return i
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    for (let k = 1; k <= more; k++) {
      const octet = bytes[i + k] ?? 0
      if (octet < (k === 1 ? low : 0x80) || octet > (k === 1 ? high : 0xbf)) return i
    }
    i += more + 1
  }
  return bytes.length
}
