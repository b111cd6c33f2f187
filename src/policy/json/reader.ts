import { fail } from '../../base/errors.ts'
import { quote } from '../quote.ts'
import { placeOf } from './place.ts'

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }

const NOT_IN_PLAIN_STRING = new Uint8Array(256)
for (let octet = 0; octet < 0x20; octet++) NOT_IN_PLAIN_STRING[octet] = 1
NOT_IN_PLAIN_STRING[0x22] = 1
NOT_IN_PLAIN_STRING[0x5c] = 1

const ESCAPES: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/**
 * Reads JSON (RFC 8259) from UTF-8 octets, one value at a time and where the caller wants it, so that large lists can
 * be taken straight from the octets. Throws ClawgressError `policy.syntax` with line and column at the first octet
 * that is not JSON, `policy.limit` where values are nested too deeply.
 */
export class JsonReader {
  readonly bytes: Buffer
  /** Offset of the next octet. */
  at = 0
  /** Keys and indexes that lead to the value being read. */
  readonly path: (string | number)[] = []
  private depth = 0
  private readonly file: string | undefined
  private readonly maxDepth: number
  private readonly duplicateKey: (path: readonly (string | number)[], offset: number) => void

  constructor(
    bytes: Buffer,
    options: {
      file?: string | undefined
      maxDepth?: number
      duplicateKey?: (path: readonly (string | number)[], offset: number) => void
    } = {},
  ) {
    this.bytes = bytes
    this.file = options.file
    this.maxDepth = options.maxDepth ?? 16
    this.duplicateKey = options.duplicateKey ?? (() => {})
  }

  /** The next octet that is not white space, not consumed; -1 at the end. */
  peek(): number {
    const { bytes } = this
    for (; this.at < bytes.length; this.at++) {
      const octet = bytes[this.at]!
      if (octet !== 0x20 && octet !== 0x0a && octet !== 0x0d && octet !== 0x09) return octet
    }
    return -1
  }

  value(): JsonValue {
    const octet = this.peek()
    if (octet === 0x22) return this.string()
    if (octet === 0x7b) return this.plainObject()
    if (octet === 0x5b) return this.plainArray()
    if (octet === 0x2d || (octet >= 0x30 && octet <= 0x39)) return this.number()
    if (octet === 0x74) return this.word('true', true)
    if (octet === 0x66) return this.word('false', false)
    if (octet === 0x6e) return this.word('null', null)
    return this.unexpected('a value')
  }

  /** Reads an object; `member` must consume the value of each key. The value of a repeated key is read and dropped. */
  object(member: (key: string, keyOffset: number) => void): void {
    this.enter(0x7b, '"{"')
    const keys = new Set<string>()
    const level = this.path.length
    for (let more = this.peek() !== 0x7d; more; more = this.another(0x7d, '"}"')) {
      if (this.peek() !== 0x22) this.unexpected('a key in double quotes')
      const keyOffset = this.at
      const key = this.string()
      if (this.peek() !== 0x3a) this.unexpected('":" after the key')
      this.at++
      this.path[level] = key
      if (keys.has(key)) {
        this.duplicateKey([...this.path], keyOffset)
        this.value()
        continue
      }
      keys.add(key)
      member(key, keyOffset)
    }
    this.path.length = level
    this.leave()
  }

  /** Reads an array; `element` must consume each value. */
  array(element: (index: number) => void): void {
    this.enter(0x5b, '"["')
    const level = this.path.length
    let index = 0
    for (let more = this.peek() !== 0x5d; more; more = this.another(0x5d, '"]"')) {
      this.path[level] = index
      element(index++)
    }
    this.path.length = level
    this.leave()
  }

  /** Passes over the next value. Only for documents that were read before: does not check what it passes over. */
  skip(): void {
    const opening = this.peek()
    if (opening === 0x22) this.skipString()
    else if (opening === 0x7b || opening === 0x5b) this.skipNested()
    else this.value()
  }

  private skipString(): void {
    const { bytes } = this
    for (this.at++; this.at < bytes.length && bytes[this.at] !== 0x22; this.at++) if (bytes[this.at] === 0x5c) this.at++
    this.at++
  }

  private skipNested(): void {
    const { bytes } = this
    let depth = 0
    while (this.at < bytes.length) {
      const octet = bytes[this.at]!
      if (octet === 0x22) {
        this.skipString()
        continue
      }
      this.at++
      if (octet === 0x7b || octet === 0x5b) depth++
      else if ((octet === 0x7d || octet === 0x5d) && --depth === 0) return
    }
  }

  /** Nothing but white space may follow. */
  end(): void {
    if (this.peek() !== -1) this.unexpected('the end of the file')
  }

  string(): string {
    if (this.peek() !== 0x22) this.unexpected('a string')
    const { bytes } = this
    const start = ++this.at
    let at = start
    while (at < bytes.length && NOT_IN_PLAIN_STRING[bytes[at]!] === 0) at++
    this.at = at
    if (bytes[at] === 0x22) {
      this.at++
      return bytes.toString('utf8', start, at)
    }
    return bytes.toString('utf8', start, at) + this.escapedRest()
  }

  private escapedRest(): string {
    const { bytes } = this
    let text = ''
    for (;;) {
      const from = this.at
      while (this.at < bytes.length && NOT_IN_PLAIN_STRING[bytes[this.at]!] === 0) this.at++
      text += bytes.toString('utf8', from, this.at)
      const octet = bytes[this.at]
      if (octet === 0x22) {
        this.at++
        return text
      }
      if (octet !== 0x5c) this.unexpected('the closing quote of the string')
      text += this.escape()
    }
  }

  private escape(): string {
    this.at++
    const letter = String.fromCharCode(this.bytes[this.at] ?? 0)
    if (letter === 'u') {
      const digits = this.bytes.toString('latin1', this.at + 1, this.at + 5)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.unexpected('four hexadecimal digits after "\\u"', this.at - 1)
      this.at += 5
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const character = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined
    if (character === undefined) return this.unexpected('an escape that JSON knows', this.at - 1)
    this.at++
    return character
  }

  private number(): number {
    const end = Math.min(this.bytes.length, this.at + 1024)
    const text = this.bytes.toString('latin1', this.at, end)
    const number = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/.exec(text)?.[0]
    if (number === undefined) return this.unexpected('a number')
    const next = text.charCodeAt(number.length)
    if (number.length === 1024 || (next >= 0x30 && next <= 0x39) || next === 0x2e || next === 0x65 || next === 0x45) {
      return this.unexpected('a number', this.at)
    }
    this.at += number.length
    return Number(number)
  }

  private word<T>(word: string, value: T): T {
    if (this.bytes.toString('latin1', this.at, this.at + word.length) !== word) return this.unexpected('a value')
    this.at += word.length
    return value
  }

  private plainObject(): JsonValue {
    const result: { [key: string]: JsonValue } = {}
    this.object((key) => {
      const value = this.value()
      if (key === '__proto__')
        Object.defineProperty(result, key, { value, enumerable: true, writable: true, configurable: true })
      else result[key] = value
    })
    return result
  }

  private plainArray(): JsonValue[] {
    const result: JsonValue[] = []
    this.array(() => result.push(this.value()))
    return result
  }

  private enter(open: number, what: string): void {
    if (this.peek() !== open) this.unexpected(what)
    if (++this.depth > this.maxDepth) {
      const message = `Values are nested more than ${this.maxDepth} levels deep; a policy needs fewer.`
      fail('policy.limit', message, this.where(this.at))
    }
    this.at++
  }

  private leave(): void {
    this.depth--
    this.at++
  }

  /** After a member: is there another one (comma consumed), or is this the end (not consumed)? */
  private another(close: number, closeText: string): boolean {
    const octet = this.peek()
    if (octet === close) return false
    if (octet !== 0x2c) this.unexpected(`"," or ${closeText}`)
    const comma = this.at++
    if (this.peek() === close)
      fail('policy.syntax', `A comma stands before ${closeText}; remove it.`, this.where(comma))
    return true
  }

  private unexpected(expected: string, offset = this.at): never {
    const found = this.bytes
      .toString('utf8', offset, Math.min(offset + 4, this.bytes.length))
      [Symbol.iterator]()
      .next().value
    const what = found === undefined ? 'the end of the file' : quote(found)
    fail('policy.syntax', `This is not JSON: expected ${expected}, found ${what}.`, this.where(offset))
  }

  private where(offset: number) {
    return { ...(this.file === undefined ? {} : { file: this.file }), ...placeOf(this.bytes, offset) }
  }
}
