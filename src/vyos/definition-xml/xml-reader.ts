import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { fail } from '../../base/errors.ts'
import { readSource, type SourceText } from './source-text.ts'
import { type XmlContent, XmlElement } from './xml-element.ts'

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  commentPropName: '#comment',
  cdataPropName: '#cdata',
  captureMetaData: true,
})
// the class has this method, its declarations do not
const METADATA = (XMLParser as unknown as { getMetaDataSymbol(): symbol }).getMetaDataSymbol()

type RawNode = Record<string, unknown>

function character(reference: string): string | undefined {
  const code = reference.startsWith('#x')
    ? Number.parseInt(reference.slice(2), 16)
    : Number.parseInt(reference.slice(1), 10)
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : undefined
}

/** What the XML rules refuse and the parser lets pass. */
class Reader {
  readonly #source: SourceText
  #offset = 0

  constructor(source: SourceText) {
    this.#source = source
  }

  #refuse(message: string): never {
    fail('definition.invalid', `This is not well-formed XML: ${message}`, this.#source.placeAt(this.#offset))
  }

  /** The parser tells no places of texts and comments; none of what it told of lies between. */
  #moveTo(text: string): void {
    const start = this.#source.text.indexOf(text, this.#offset)
    if (start >= 0) this.#offset = start
  }

  #decode(text: string): string {
    const bad = CONTROL.exec(text)
    if (bad !== null) this.#refuse('it holds a control character.')
    return text.replaceAll(/&([^;\s]*);?/g, (whole, name: string) => {
      const value = /^#([0-9]+|x[0-9a-fA-F]+)$/.test(name) ? character(name) : ENTITIES[name]
      if (value !== undefined && whole.endsWith(';')) return value
      this.#moveTo(whole)
      this.#refuse(`${whole} is unknown; write &amp; for &.`)
    })
  }

  #attributes(raw: Readonly<Record<string, string>>): Record<string, string> {
    const entries = Object.entries(raw).map(([name, value]) => {
      if (value.includes('<')) this.#refuse(`the attribute ${name} holds <; write &lt;.`)
      return [name, this.#decode(value.replaceAll(/[\t\n]/g, ' '))] as const
    })
    return Object.fromEntries(entries)
  }

  #instruction(): string {
    const { text } = this.#source
    return text.slice(this.#offset, text.indexOf('?>', this.#offset) + 2)
  }

  content(nodes: readonly RawNode[], parent: XmlElement | undefined): XmlContent[] {
    return nodes.map((node): XmlContent => {
      const { ':@': attributes = {}, ...rest } = node as { ':@'?: Record<string, string> }
      const [name, value] = Object.entries(rest)[0]!
      const inside = (): string => (value as RawNode[]).map((part) => String(part['#text'])).join('')
      this.#offset = (node as Record<symbol, { startIndex?: number }>)[METADATA]?.startIndex ?? this.#offset
      if (name === '#text') {
        if (String(value).includes(']]>')) this.#refuse('"]]>" stands in a text; write ]]&gt;.')
        this.#moveTo(String(value).trim())
        if (parent !== undefined && String(value).trim() !== '') parent.textPlace ??= this.#source.placeAt(this.#offset)
        return this.#decode(String(value))
      }
      if (name === '#cdata') return inside()
      if (name === '#comment') {
        const text = inside()
        this.#moveTo(`<!--${text}`)
        if (text.includes('--') || text.endsWith('-')) this.#refuse('a comment holds "--".')
        return { markup: `<!--${text}-->` }
      }
      if (name.startsWith('?')) return { markup: this.#instruction() }
      const element = new XmlElement(name, this.#attributes(attributes), this.#source.placeAt(this.#offset), parent)
      element.content = this.content(value as RawNode[], element)
      return element
    })
  }
}

function parse(source: SourceText, file: string): RawNode[] {
  const text = source.text.replace(/^\ufeff/, '')
  if (/<!(?!--|\[CDATA\[)/.test(text)) {
    fail('definition.invalid', 'This is not accepted in a definition: a document type (<!…>).', { file })
  }
  const verdict = XMLValidator.validate(text)
  if (verdict !== true) {
    const lines = text.split('\n', verdict.err.line)
    const last = lines.at(-1) ?? ''
    const place = text === '' ? { file, line: 1 } : source.placeAt(lines.join('\n').length - last.length)
    const message = last.includes('#include')
      ? 'An include must stand alone on its line as "#include <file>", after spaces only.'
      : `This is not well-formed XML: ${verdict.err.msg}`
    fail('definition.invalid', message, place)
  }
  try {
    return parser.parse(text) as RawNode[]
  } catch {
    fail('definition.invalid', 'This is not well-formed XML: it ends inside a tag.', { file })
  }
}

/**
 * Root element of an interface definition or op-mode file, includes resolved, everything inside in its order.
 * @throws ClawgressError definition.invalid with the file and line where the fault stands
 */
export function readXml(file: string): XmlElement {
  const source = readSource(file)
  const content = new Reader(source).content(parse(source, file), undefined)
  const roots = content.filter((part) => part instanceof XmlElement)
  const definition = roots[0]
  if (roots.length !== 1 || definition?.name !== 'interfaceDefinition') {
    fail('definition.invalid', 'The root element must be <interfaceDefinition>.', { file })
  }
  return definition
}
