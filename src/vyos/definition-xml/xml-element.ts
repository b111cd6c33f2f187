import type { Place } from './source-text.ts'

/** Comments and processing instructions; they end the text before them, as in lxml. */
export interface XmlMarkup {
  readonly markup: string
}

export type XmlContent = XmlElement | XmlMarkup | string

/** An element of a definition file, with everything inside it in order. */
export class XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly place: Place
  parent: XmlElement | undefined
  content: XmlContent[] = []
  /** Where the first text that is not blank stands. */
  textPlace: Place | undefined

  constructor(name: string, attributes: Readonly<Record<string, string>>, place: Place, parent?: XmlElement) {
    this.name = name
    this.attributes = attributes
    this.place = place
    this.parent = parent
  }

  get elements(): readonly XmlElement[] {
    return this.content.filter((part) => part instanceof XmlElement)
  }

  /** Text before the first element or comment, untouched, as VyOS's tools read it; empty where there is none. */
  get text(): string {
    const end = this.content.findIndex((part) => typeof part !== 'string')
    return this.content.slice(0, end < 0 ? this.content.length : end).join('')
  }

  /** All text directly inside the element. */
  get ownText(): string {
    return this.content.filter((part) => typeof part === 'string').join('')
  }

  child(name: string): XmlElement | undefined {
    return this.elements.find((element) => element.name === name)
  }

  all(name: string): readonly XmlElement[] {
    return this.elements.filter((element) => element.name === name)
  }

  /** Names of the nodes from the root to here; elements without a name add none. */
  get path(): string[] {
    const above = this.parent?.path ?? []
    return this.attributes.name === undefined || this.name === 'validator' ? above : [...above, this.attributes.name]
  }

  /** A copy below another parent. */
  copy(parent: XmlElement): XmlElement {
    const copy = new XmlElement(this.name, this.attributes, this.place, parent)
    copy.content = this.content.map((part) => (part instanceof XmlElement ? part.copy(copy) : part))
    return copy
  }
}
