import { fail } from '../base/errors.ts'

/** A key or digest of the root that validation starts from (RFC 4034 sections 2 and 5). */
export interface TrustAnchor {
  readonly kind: 'static-ds' | 'static-key'
  /** Key tag, algorithm, digest type; or flags, protocol, algorithm. */
  readonly numbers: readonly [number, number, number]
  /** Hexadecimal digest or base64 key. */
  readonly data: string
}

const LINE =
  /^\.\s+(?:[0-9]{1,10}\s+)?(?:IN\s+)?(DS|DNSKEY)\s+([0-9]{1,5})\s+([0-9]{1,3})\s+([0-9]{1,3})\s+([A-Za-z0-9+/=\s]{16,4096})$/i

/**
 * Reads a trust anchor file as Debian's dns-root-data and unbound write it: DS or DNSKEY records of the root, one a
 * line, `;` starts a comment. Only values are taken over, so the file cannot bring statements into named.conf. Throws
 * `config.value` with the line where it is something else.
 */
export function parseTrustAnchors(text: string, file: string): TrustAnchor[] {
  const anchors: TrustAnchor[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/;.*$/, '').trim()
    if (line === '') continue
    const [, type = '', tag, algorithm, digest, encoded = ''] = LINE.exec(line) ?? []
    const isDs = type.toUpperCase() === 'DS'
    const data = encoded.replace(/\s+/g, '')
    if (!(isDs ? /^([0-9A-Fa-f]{2})+$/ : /^[A-Za-z0-9+/]+={0,2}$/).test(data))
      fail('config.value', 'A trust anchor is a DS or DNSKEY record of the root (".") on a line of its own.', {
        file,
        line: index + 1,
      })
    anchors.push({
      kind: isDs ? 'static-ds' : 'static-key',
      numbers: [Number(tag), Number(algorithm), Number(digest)],
      data,
    })
  }
  if (anchors.length === 0)
    fail('config.value', 'The trust anchor file holds no DS or DNSKEY record of the root.', { file })
  return anchors
}
