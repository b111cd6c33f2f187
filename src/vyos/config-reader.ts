import { fail } from '../base/errors.ts'
import type { ConfigNode } from './config-node.ts'
import { ConfigTree } from './config-tree.ts'
import { splitFooter } from './version-footer.ts'

/** Deeper files are refused; VyOS's own definitions stay below twenty levels. */
const MAX_DEPTH = 128

interface OpenNode {
  values: string[]
  children: Map<string, OpenNode>
  tag: boolean
  valueless?: boolean
  comment?: string
  /** How often it was opened by now. */
  blocks: number
  /** In which block of its parent it stands. */
  readonly block: number
}

/** 1-based. */
interface Place {
  readonly line: number
  readonly column: number
}

interface Frame extends Place {
  readonly node: OpenNode
}

const ESCAPES: Record<string, string> = {
  '/': '/',
  '\\': '\\',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  "'": "'",
  '"': '"',
}

/**
 * Reads a file in VyOS's config.boot format: one pass, no recursion. The grammar is that of vyos1x-config
 * (vyos1x_lexer.mll, vyos1x_parser.mly): a leaf ends with its line, a node opens with `{` on the same line.
 * A byte order mark and carriage returns before line ends are passed over.
 * @throws ClawgressError config.syntax with line and column
 */
export function parseConfig(text: string, file?: string): ConfigTree {
  const { body, footer } = splitFooter(text.startsWith('\ufeff') ? text.slice(1) : text)
  return new ConfigTree(new Reader(body, file).read(), footer)
}

const newNode = (tag: boolean, comment: string | undefined, block = 0): OpenNode => ({
  values: [],
  children: new Map(),
  tag,
  blocks: 0,
  block,
  ...(comment === undefined ? {} : { comment }),
})

class Reader {
  readonly #text: string
  readonly #file: string | undefined
  #position = 0
  #line = 1
  #lineStart = 0
  #comment: string | undefined
  #stack: Frame[] = [{ node: newNode(false, undefined), line: 1, column: 1 }]

  constructor(text: string, file: string | undefined) {
    this.#text = text
    this.#file = file
  }

  read(): ConfigNode {
    for (;;) {
      this.#skipSpace()
      const at = this.#place()
      if (this.#position >= this.#text.length) break
      const char = this.#text[this.#position]!
      if (this.#startsWith('/*')) this.#readComment()
      else if (char === '}') this.#close()
      else if (char === '{') this.#refuse('A "{" must follow a node name on the same line.')
      else if (char === '"' || char === "'") this.#refuse('A node name must not be quoted.')
      else this.#readNode(this.#word(), at)
    }
    if (this.#comment !== undefined) this.#refuse('A comment must be followed by a node.')
    const open = this.#stack.at(-1)!
    if (this.#stack.length > 1) this.#refuse('The "{" that opens this node has no matching "}".', open)
    return open.node
  }

  #readNode(name: string, at: Place): void {
    this.#skipBlanks()
    const value = this.#atLineEnd() || this.#at('{') ? undefined : this.#value()
    this.#skipBlanks()
    if (this.#atLineEnd()) this.#addLeaf(name, value, at)
    else if (this.#at('{')) this.#open(name, value, at)
    else this.#refuse('A value must be followed by the end of the line or by "{"; quote values that hold spaces.')
  }

  #addLeaf(name: string, value: string | undefined, at: Place): void {
    const known = this.#stack.at(-1)!.node.children.has(name)
    const node = this.#child(name, false, at)
    if (value === undefined) {
      if (!known) node.valueless = true
      return
    }
    if (node.valueless) node.valueless = false
    if (node.children.size > 0) this.#refuse(`"${name}" is both a node and a value.`, at)
    node.values.push(value)
  }

  #open(name: string, tagValue: string | undefined, at: Place): void {
    if (this.#stack.length > MAX_DEPTH) this.#refuse(`Nodes are nested deeper than ${MAX_DEPTH} levels.`, at)
    this.#position++
    if (tagValue === undefined) {
      const node = this.#child(name, false, at)
      if (node.values.length > 0) this.#refuse(`"${name}" is both a node and a value.`, at)
      if (node.valueless) node.valueless = false
      node.blocks++
      this.#stack.push({ node, ...at })
      return
    }
    const comment = this.#takeComment()
    const outer = this.#child(name, true, at)
    if (outer.children.has(tagValue)) this.#refuse(`"${name} ${tagValue}" stands twice in the same node.`, at)
    const inner = newNode(false, comment)
    outer.children.set(tagValue, inner)
    this.#stack.push({ node: inner, ...at })
  }

  #child(name: string, tag: boolean, at: Place): OpenNode {
    const { node: parent } = this.#stack.at(-1)!
    const comment = this.#takeComment()
    const existing = parent.children.get(name)
    if (existing === undefined) {
      const created = newNode(tag, comment, parent.blocks)
      parent.children.set(name, created)
      return created
    }
    // VyOS refuses to see a name in two blocks.
    if (existing.block < parent.blocks) this.#refuse(`"${name}" stands in two blocks of the same node.`, at)
    if (existing.tag !== tag) this.#refuse(`"${name}" stands both with and without a name of its own.`, at)
    if (comment !== undefined) existing.comment ??= comment
    return existing
  }

  #close(): void {
    if (this.#stack.length === 1) this.#refuse('A "}" closes nothing.')
    if (this.#comment !== undefined) this.#refuse('A comment must be followed by a node.')
    this.#stack.pop()
    this.#position++
  }

  #readComment(): void {
    const start = this.#position + 2
    const end = this.#text.indexOf('*/', start)
    if (end < 0) this.#refuse('A comment has no closing "*/".')
    this.#comment = this.#text.slice(start, end).trim()
    this.#advance(end + 2)
  }

  #takeComment(): string | undefined {
    const comment = this.#comment
    this.#comment = undefined
    return comment
  }

  #value(): string {
    const quote = this.#text[this.#position]!
    return quote === '"' || quote === "'" ? this.#quoted(quote) : this.#word()
  }

  #word(): string {
    const start = this.#position
    let end = start
    for (; end < this.#text.length; end++) {
      const code = this.#text.charCodeAt(end)
      // space, tab, line feed, carriage return, braces, quotes
      if (code === 32 || code === 9 || code === 10 || code === 13) break
      if (code === 123 || code === 125 || code === 34 || code === 39) break
    }
    if (end === start) this.#refuse('A value is expected here.')
    this.#position = end
    return this.#text.slice(start, end)
  }

  /**
   * VyOS writes backslashes as they are and takes them so when it reads a quoted value that ends its line
   * (vyos-1x, configtree.py; vyatta-cfg, cparse_lex.l). Only where a quote stands inside are they escapes.
   */
  #quoted(quote: string): string {
    const at = this.#place()
    const start = this.#position + 1
    const end = this.#text.indexOf(quote, start)
    if (end < 0) this.#refuse('A quoted value has no closing quote.', at)
    const value = this.#text.slice(start, end)
    if (!value.includes('\\') || this.#endsLine(end + 1)) {
      this.#advance(end + 1)
      return value
    }
    return this.#escaped(quote, at)
  }

  #escaped(quote: string, at: Place): string {
    const parts: string[] = []
    let start = this.#position + 1
    for (let i = start; i < this.#text.length; i++) {
      const char = this.#text[i]!
      if (char === quote) {
        parts.push(this.#text.slice(start, i))
        this.#advance(i + 1)
        return parts.join('')
      }
      if (char !== '\\') continue
      parts.push(this.#text.slice(start, i))
      const decimal = /^[0-9]{3}/.exec(this.#text.slice(i + 1, i + 4))?.[0]
      const plain = ESCAPES[this.#text[i + 1] ?? '']
      if (decimal !== undefined && Number(decimal) < 128) parts.push(String.fromCharCode(Number(decimal)))
      else if (plain !== undefined) parts.push(plain)
      else {
        this.#advance(i)
        this.#refuse('A backslash in a quoted value must be followed by one of / \\ b f n r t \' " or three digits.')
      }
      i += decimal !== undefined ? 3 : 1
      start = i + 1
    }
    this.#refuse('A quoted value has no closing quote.', at)
  }

  /** Do only blanks stand between here and the line's end? */
  #endsLine(from: number): boolean {
    let at = from
    while (this.#text[at] === ' ' || this.#text[at] === '\t' || this.#text[at] === '\r') at++
    return at >= this.#text.length || this.#text[at] === '\n'
  }

  /** Spaces, line ends and `//` comments between statements. */
  #skipSpace(): void {
    for (;;) {
      this.#skipBlanks()
      if (this.#text.charCodeAt(this.#position) !== 10) return
      this.#position++
      this.#line++
      this.#lineStart = this.#position
    }
  }

  /** Spaces and a `//` comment inside one line. */
  #skipBlanks(): void {
    for (; ; this.#position++) {
      const code = this.#text.charCodeAt(this.#position)
      if (code !== 32 && code !== 9 && code !== 13) break
    }
    if (!this.#startsWith('//')) return
    const end = this.#text.indexOf('\n', this.#position)
    this.#position = end < 0 ? this.#text.length : end
  }

  #atLineEnd(): boolean {
    return this.#position >= this.#text.length || this.#text.charCodeAt(this.#position) === 10
  }

  #at(char: string): boolean {
    return this.#text[this.#position] === char
  }

  #startsWith(text: string): boolean {
    return this.#text.startsWith(text, this.#position)
  }

  /** Moves on over text that may hold line ends. */
  #advance(to: number): void {
    for (let at = this.#text.indexOf('\n', this.#position); at >= 0 && at < to; at = this.#text.indexOf('\n', at + 1)) {
      this.#line++
      this.#lineStart = at + 1
    }
    this.#position = to
  }

  #place(): Place {
    return { line: this.#line, column: this.#position - this.#lineStart + 1 }
  }

  #refuse(message: string, at: Place = this.#place()): never {
    const where = this.#file === undefined ? {} : { file: this.#file }
    fail('config.syntax', message, { ...where, line: at.line, column: at.column })
  }
}
