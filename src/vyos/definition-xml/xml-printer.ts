import { XmlElement } from './xml-element.ts'

const TEXT: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' }
const ATTRIBUTE: Readonly<Record<string, string>> = { ...TEXT, '"': '&quot;', '\n': '&#10;', '\t': '&#9;' }

const escapeText = (text: string): string => text.replaceAll(/[&<>\r]/g, (match) => TEXT[match]!)
const escapeAttribute = (text: string): string => text.replaceAll(/[&<>"\r\n\t]/g, (match) => ATTRIBUTE[match]!)

function print(element: XmlElement, level: number, indented: boolean): string {
  const attributes = Object.entries(element.attributes).map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`)
  const open = `<${element.name}${attributes.join('')}`
  if (element.content.length === 0) return `${open}/>`
  const indent = indented && !element.content.some((part) => typeof part === 'string')
  const parts = element.content.map((part) => {
    if (typeof part === 'string') return escapeText(part)
    const text = part instanceof XmlElement ? print(part, level + 1, indent) : part.markup
    return indent ? `${'  '.repeat(level + 1)}${text}\n` : text
  })
  return `${open}>${indent ? '\n' : ''}${parts.join('')}${indent ? '  '.repeat(level) : ''}</${element.name}>`
}

/** The element as lxml's `tostring(root, encoding='unicode', pretty_print=True)` prints it. */
export const printXml = (root: XmlElement): string => `${print(root, 0, true)}\n`
