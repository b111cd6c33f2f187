import { malformed } from './error.ts'

/** Octets of a name on the wire, length octets and root included (RFC 1035, 3.1). */
const MAX_NAME_OCTETS = 255
const MAX_LABEL_OCTETS = 63
const DOT = 0x2e
const BACKSLASH = 0x5c

/**
 * Names are text in presentation form without the trailing dot, `.` being the root: `www.Example.com`. Case is kept.
 * Octets that are not printable, dots inside labels and backslashes are escaped (`\032`, `\.`, `\\`), so that text and
 * wire form translate without loss.
 */
export interface ReadName {
  readonly name: string
  /** Offset behind the name in the message. */
  readonly next: number
}

/**
 * Reads a name, following compression pointers, each of which must lead further back than everything read so far
 * (RFC 1035, 4.1.4), so that reading always ends. `pointers` false: a pointer is malformed (RFC 9460, 2.2).
 */
export function readName(bytes: Uint8Array, start: number, pointers = true): ReadName {
  let at = start
  let floor = start
  let next = -1
  let octets = 1
  let name = ''
  for (;;) {
    if (at >= bytes.length) malformed('a name runs past the end of the message')
    const length = bytes[at]!
    if (length === 0) break
    if (length >= 0xc0) {
      if (!pointers) malformed('a name is compressed where it must not be')
      if (at + 1 >= bytes.length) malformed('a compression pointer runs past the end of the message')
      if (next < 0) next = at + 2
      at = ((length & 0x3f) << 8) | bytes[at + 1]!
      if (at >= floor) malformed('a compression pointer does not lead backwards')
      floor = at
      continue
    }
    if (length > MAX_LABEL_OCTETS) malformed('a label has a reserved type')
    const end = at + 1 + length
    if (end > bytes.length) malformed('a label runs past the end of the message')
    octets += length + 1
    if (octets > MAX_NAME_OCTETS) malformed('a name is longer than 255 octets')
    name = name === '' ? labelText(bytes, at + 1, end) : `${name}.${labelText(bytes, at + 1, end)}`
    at = end
  }
  return { name: name === '' ? '.' : name, next: next < 0 ? at + 1 : next }
}

function labelText(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; i++) {
    const octet = bytes[i]!
    if (octet === DOT || octet === BACKSLASH) text += `\\${String.fromCharCode(octet)}`
    else if (octet > 0x20 && octet < 0x7f) text += String.fromCharCode(octet)
    else text += `\\${String(octet).padStart(3, '0')}`
  }
  return text
}

/** The labels of a name as octets; malformed where the text is no name. The root has none. */
export function nameLabels(name: string): Uint8Array[] {
  if (name === '.') return []
  const labels: Uint8Array[] = []
  let octets = 1
  for (const text of labelTexts(name)) {
    const label = labelOctets(text)
    if (label.length === 0) malformed('a name has an empty label')
    if (label.length > MAX_LABEL_OCTETS) malformed('a label is longer than 63 octets')
    octets += label.length + 1
    if (octets > MAX_NAME_OCTETS) malformed('a name is longer than 255 octets')
    labels.push(label)
  }
  return labels
}

function labelOctets(text: string): Uint8Array {
  const octets: number[] = []
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7e || code < 0x21) malformed('a name holds a character that must be escaped')
    if (code !== BACKSLASH) {
      octets.push(code)
      continue
    }
    const digits = /^[0-9]{3}/.exec(text.slice(i + 1, i + 4))?.[0]
    if (digits === undefined) {
      if (i + 1 >= text.length) malformed('a name ends in a backslash')
      octets.push(text.charCodeAt(++i))
    } else {
      if (Number(digits) > 255) malformed('an escape in a name is larger than 255')
      octets.push(Number(digits))
      i += 3
    }
  }
  return Uint8Array.from(octets)
}

/** Splits at the dots that are not escaped. The root has no labels. */
export function labelTexts(name: string): string[] {
  if (name === '.') return []
  if (!name.includes('\\')) return name.split('.')
  const labels: string[] = []
  let start = 0
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) === BACKSLASH) i++
    else if (name.charCodeAt(i) === DOT) {
      labels.push(name.slice(start, i))
      start = i + 1
    }
  }
  labels.push(name.slice(start))
  return labels
}

/** For comparing names: ASCII letters in lower case (RFC 4343). */
export const nameKey = (name: string): string => name.toLowerCase()

/** Is `name` equal to `ancestor` or below it? Both as `nameKey` gives them. */
export function isAtOrBelow(name: string, ancestor: string): boolean {
  if (ancestor === '.' || name === ancestor) return true
  if (!name.endsWith(`.${ancestor}`)) return false
  let backslashes = 0
  for (let i = name.length - ancestor.length - 2; i >= 0 && name.charCodeAt(i) === BACKSLASH; i--) backslashes++
  return backslashes % 2 === 0
}
