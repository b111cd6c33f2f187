import { type Advice, FILE_ADVICE } from './advice.ts'
import { type AttributeList, normaliseAttributes } from './attributes.ts'
import { formatPath, type JsonPath } from './json/locate.ts'
import type { JsonReader } from './json/reader.ts'
import { MAX_NAME_OCTETS, normaliseName } from './names/normalise.ts'
import { publicSuffixKind } from './names/public-suffix.ts'
import { scanPlainName } from './names/scan.ts'
import { KIND, type Kind, type NameTable } from './names/table.ts'
import { NameTableBuilder } from './names/table-builder.ts'
import type { ProblemList } from './problems.ts'
import { quote } from './quote.ts'
import { allowDomainEntry, denyDomainEntry } from './schema.ts'
import { addSchemaProblems } from './schema-problems.ts'
import type { EntryAttributes, ListName } from './types.ts'

/** Entries of `allow.domains` and `deny.domains` together, and separately of `labels`. */
const MAX_DOMAINS = 2_000_000

const QUOTE = 0x22
const FIRST_KIND: Record<ListName, Kind> = { allow: KIND.allow, deny: KIND.deny, label: KIND.label }
const SCHEMAS = { allow: allowDomainEntry, deny: denyDomainEntry }

/** Collects the names of one policy document. */
export class NameEntries {
  private readonly builder: NameTableBuilder
  private readonly attributes: AttributeList
  private readonly problems: ProblemList
  private readonly warnings: ProblemList
  private readonly advice: Advice
  private readonly counts = { domains: 0, labels: 0 }
  private labelKeys: readonly string[] = []

  constructor(
    sizeHint: number,
    attributes: AttributeList,
    problems: ProblemList,
    warnings: ProblemList,
    advice: Advice = FILE_ADVICE,
  ) {
    this.builder = new NameTableBuilder(Math.min(sizeHint, 2 ** 25), Math.min(sizeHint >> 4, 2 ** 20))
    this.attributes = attributes
    this.problems = problems
    this.warnings = warnings
    this.advice = advice
  }

  /** Reads the array at `reader`: `allow.domains` or `deny.domains`. */
  readList(reader: JsonReader, list: 'allow' | 'deny'): void {
    const kind = FIRST_KIND[list]
    const { bytes } = reader
    reader.array((index) => {
      const plain = reader.peek() === QUOTE
      if (this.isFull('domains', reader.path)) {
        reader.value()
        return
      }
      if (plain) {
        const next = scanPlainName(bytes, reader.at + 1, this.builder, kind, index)
        if (next < 0) this.addText(reader.string(), list, index, {}, [...reader.path])
        else reader.at = next
      } else this.readEntry(reader, list, index)
    })
  }

  /** Takes a key of `labels` that is a name. */
  addLabel(key: string, label: string, position: number): void {
    if (this.isFull('labels', ['labels', key])) return
    this.addText(key, 'label', position, { label }, ['labels', key])
  }

  setLabelKeys(keys: readonly string[]): void {
    this.labelKeys = keys
  }

  finish(): NameTable {
    const { builder } = this
    return builder.finish(({ first, entry }) => {
      const path = this.pathOf(entry)
      const earlier = formatPath(this.pathOf(first))
      const text = quote(this.textOf(entry))
      if (builder.attributeOf(first) === builder.attributeOf(entry)) {
        this.warnings.add('policy.duplicate-entry', path, `${text} stands twice; the first is at ${earlier}.`)
      } else {
        const message = `${text} stands twice with different attributes; the first is at ${earlier}. Keep one of them.`
        this.problems.add('policy.duplicate-entry', path, message)
      }
    })
  }

  private readEntry(reader: JsonReader, list: 'allow' | 'deny', index: number): void {
    const path = [...reader.path]
    const value = reader.value()
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.problems.add('policy.type', path, 'An entry is a name in double quotes, or an object with a "name".')
      return
    }
    const schema = SCHEMAS[list]
    const checked = schema.safeParse(value)
    if (!checked.success) {
      addSchemaProblems(checked.error.issues, path, () => Object.keys(schema.shape), this.problems)
      return
    }
    this.addText(checked.data.name, list, index, normaliseAttributes(checked.data), path)
  }

  /** Takes a name or wildcard as it is written; `path` is where. */
  addText(text: string, list: ListName, position: number, attributes: EntryAttributes, path: JsonPath): void {
    const normal = normaliseName(text, this.advice)
    if (typeof normal === 'string') {
      this.problems.add('policy.name', path, normal, { at: list === 'label' ? 'key' : 'value' })
      return
    }
    if (normal.wildcard && list === 'allow') this.checkSuffix(normal.name, attributes, path)
    const kind = (FIRST_KIND[list] + (normal.wildcard ? 1 : 0)) as Kind
    this.builder.add(normal.name, kind, this.attributes.number(attributes), position)
  }

  private checkSuffix(name: string, attributes: EntryAttributes, path: JsonPath): void {
    if (attributes.publicSuffix === true) return
    const suffix = publicSuffixKind(name)
    if (suffix === undefined) return
    const text = quote(`*.${name}`)
    if (suffix === 'icann') {
      const advice = `List the domains that are meant, or ${this.advice.publicSuffix}.`
      this.problems.add(
        'policy.public-suffix',
        path,
        `${text} covers a whole public suffix, where anybody can register names. ${advice}`,
      )
    } else if (suffix === 'private') {
      this.warnings.add(
        'policy.public-suffix',
        path,
        `Anybody can get a name below ${quote(name)}: ${text} reaches all of them.`,
      )
    } else {
      this.warnings.add(
        'policy.public-suffix',
        path,
        `${text} covers a whole top-level domain, one that is not a public one today.`,
      )
    }
  }

  private isFull(what: 'domains' | 'labels', path: JsonPath): boolean {
    const count = ++this.counts[what]
    if (count === MAX_DOMAINS + 1) {
      const message = `The policy has more than ${MAX_DOMAINS} ${what}; this version accepts no more.`
      this.problems.add('policy.limit', [...path], message)
    }
    return count > MAX_DOMAINS
  }

  private textOf(entry: number): string {
    const { blob, wildcard, start, end } = this.builder.entry(entry)
    return `${wildcard ? '*.' : ''}${blob.toString('latin1', start, Math.min(end, start + MAX_NAME_OCTETS))}`
  }

  private pathOf(entry: number): JsonPath {
    const position = this.builder.positionOf(entry)
    const kind = this.builder.entry(entry).kind
    if (kind >= KIND.label) return ['labels', this.labelKeys[position] ?? position]
    return [kind >= KIND.deny ? 'deny' : 'allow', 'domains', position]
  }
}
