import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { fail } from '../base/errors.ts'

const INCLUDE = /^ *#include <(.+)>$/
const MAX_INCLUDE_DEPTH = 16

/** An element with what definitions use of it. Text is trimmed. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly elements: readonly XmlElement[]
  readonly text: string
}

interface SourceLine {
  readonly text: string
  readonly file: string
  readonly line: number
}

/**
 * Lines of a definition file with its `#include` lines replaced. As in VyOS's transclude-template every include, also
 * one inside an included file, is looked up beside the first file.
 * @throws ClawgressError definition.invalid
 */
function readWithIncludes(file: string, folder: string, stack: readonly string[]): SourceLine[] {
  if (stack.includes(file) || stack.length > MAX_INCLUDE_DEPTH) {
    fail('definition.invalid', `The include of ${file} leads back to itself.`, { file: stack.at(-1) ?? file })
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    fail('definition.invalid', `The file cannot be read: ${(error as Error).message}.`, { file })
  }
  return text.split('\n').flatMap((line, index): SourceLine[] => {
    const include = INCLUDE.exec(line)?.[1]
    if (include !== undefined) return readWithIncludes(join(folder, include), folder, [...stack, file])
    if (line.includes('#include')) {
      fail('definition.invalid', 'An include must stand alone on its line as "#include <file>", after spaces only.', {
        file,
        line: index + 1,
      })
    }
    return [{ text: line, file, line: index + 1 }]
  })
}

type RawNode = Record<string, unknown>

function convert(raw: readonly RawNode[]): { elements: XmlElement[]; text: string } {
  const elements: XmlElement[] = []
  const texts: string[] = []
  for (const node of raw) {
    const { ':@': attributes = {}, ...content } = node as { ':@'?: Record<string, string> }
    for (const [name, value] of Object.entries(content)) {
      if (name === '#text') texts.push(String(value))
      else if (!name.startsWith('?')) elements.push({ name, attributes, ...convert(value as RawNode[]) })
    }
  }
  return { elements, text: texts.join(' ').trim() }
}

/**
 * Root element of an interface definition or op-mode file, includes resolved, comments dropped, order kept.
 * @throws ClawgressError definition.invalid with the file and line where the fault stands
 */
export function readXml(file: string): XmlElement {
  const lines = readWithIncludes(file, dirname(file), [])
  const source = lines.map((line) => line.text).join('\n')
  const verdict = XMLValidator.validate(source)
  if (verdict !== true) {
    const at = lines[verdict.err.line - 1]
    fail('definition.invalid', `This is not well-formed XML: ${verdict.err.msg}`, {
      file: at?.file ?? file,
      line: at?.line ?? verdict.err.line,
    })
  }
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: true,
  })
  const root = convert(parser.parse(source) as RawNode[]).elements
  const definition = root[0]
  if (root.length !== 1 || definition?.name !== 'interfaceDefinition') {
    fail('definition.invalid', 'The root element must be <interfaceDefinition>.', { file })
  }
  return definition
}
