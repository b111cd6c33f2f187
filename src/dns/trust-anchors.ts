import { fail } from '../base/errors.ts'

/** A key or digest of the root that validation starts from (RFC 4034 sections 2 and 5). */
export interface TrustAnchor {
  readonly kind: 'static-ds' | 'static-key' | 'initial-ds' | 'initial-key'
  /** Key tag, algorithm, digest type; or flags, protocol, algorithm. */
  readonly numbers: readonly [number, number, number]
  /** Hexadecimal digest or base64 key. */
  readonly data: string
}

const LINE =
  /^\.\s+(?:[0-9]{1,10}\s+)?(?:IN\s+)?(DS|DNSKEY)\s+([0-9]{1,5})\s+([0-9]{1,3})\s+([0-9]{1,3})\s+([A-Za-z0-9+/=\s]{16,4096})$/i
const CLAUSE = /^trust-anchors\s*\{([^{}]*)\}\s*;$/
const STATEMENT =
  /^"?\."?\s+((?:static|initial)-(?:ds|key))\s+([0-9]{1,5})\s+([0-9]{1,3})\s+([0-9]{1,3})\s+"([A-Za-z0-9+/=\s]{16,4096})"$/

/**
 * Reads a trust anchor file: DS or DNSKEY records of the root, one a line, as Debian's dns-root-data and unbound write
 * them (`;` starts a comment), or BIND's `trust-anchors { … };`. Only values are taken over, so the file cannot bring
 * statements into named.conf. Throws `config.value` where it is something else.
 */
export function parseTrustAnchors(text: string, file: string): TrustAnchor[] {
  const clause = CLAUSE.exec(text.trim())
  const anchors = clause === null ? parseRecords(text, file) : parseClause(clause[1]!, file)
  if (anchors.length === 0)
    fail('config.value', 'The trust anchor file holds no DS or DNSKEY record of the root.', { file })
  return anchors
}

function parseRecords(text: string, file: string): TrustAnchor[] {
  const anchors: TrustAnchor[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/;.*$/, '').trim()
    if (line === '') continue
    const [, type = '', ...values] = LINE.exec(line) ?? []
    const anchor = anchorOf(type.toUpperCase() === 'DS' ? 'static-ds' : 'static-key', values)
    if (anchor === undefined)
      fail('config.value', 'A trust anchor is a DS or DNSKEY record of the root (".") on a line of its own.', {
        file,
        line: index + 1,
      })
    else anchors.push(anchor)
  }
  return anchors
}

function parseClause(body: string, file: string): TrustAnchor[] {
  const statements = body.split(';').map((statement) => statement.trim())
  return statements
    .filter((statement) => statement !== '')
    .map((statement) => {
      const [, kind, ...values] = STATEMENT.exec(statement) ?? []
      return (
        anchorOf(kind as TrustAnchor['kind'], values) ??
        fail('config.value', 'A trust anchor is a key or digest of the root, such as `. static-ds 20326 8 2 "…";`.', {
          file,
        })
      )
    })
}

function anchorOf(kind: TrustAnchor['kind'], values: readonly string[]): TrustAnchor | undefined {
  if (values.length !== 4) return undefined
  const [tag, algorithm, digest, encoded = ''] = values
  const data = encoded.replace(/\s+/g, '')
  const shape = kind.endsWith('ds') ? /^([0-9A-Fa-f]{2})+$/ : /^[A-Za-z0-9+/]+={0,2}$/
  if (!shape.test(data)) return undefined
  return { kind, numbers: [Number(tag), Number(algorithm), Number(digest)], data }
}
