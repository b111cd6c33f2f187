import { aggregate, formatPrefix, holds, type Prefix, parsePrefix } from '../base/address.ts'
import { type Advice, FILE_ADVICE } from './advice.ts'
import { normaliseAttributes } from './attributes.ts'
import { formatPath, type JsonPath } from './json/locate.ts'
import type { JsonReader } from './json/reader.ts'
import type { ProblemList } from './problems.ts'
import { quote } from './quote.ts'
import { allowPrefixEntry, denyPrefixEntry } from './schema.ts'
import { addSchemaProblems } from './schema-problems.ts'
import type { EntryAttributes, ListName, PolicyPrefix } from './types.ts'

/** Entries of `allow.ips`, `deny.ips` and prefixes among `labels` together. */
const MAX_PREFIXES = 100_000

/** Shorter prefixes need `"wide": true`. */
export const SHORTEST = { 4: 8, 6: 16 } as const

const SCHEMAS = { allow: allowPrefixEntry, deny: denyPrefixEntry }

/** Collects the prefixes of one policy document. */
export class PrefixEntries {
  private readonly entries: (PolicyPrefix & { readonly path: JsonPath })[] = []
  private readonly known = new Map<string, { attributes: EntryAttributes; path: JsonPath }>()
  private readonly problems: ProblemList
  private readonly warnings: ProblemList
  private readonly advice: Advice
  private count = 0

  constructor(problems: ProblemList, warnings: ProblemList, advice: Advice = FILE_ADVICE) {
    this.problems = problems
    this.warnings = warnings
    this.advice = advice
  }

  /** Reads the array at `reader`: `allow.ips` or `deny.ips`. */
  readList(reader: JsonReader, list: 'allow' | 'deny'): void {
    reader.array((position) => {
      const path = [...reader.path]
      const value = reader.value()
      if (typeof value === 'string') this.add(value, list, position, {}, path)
      else if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        this.problems.add('policy.type', path, 'An entry is a prefix in double quotes, or an object with a "prefix".')
      } else {
        const schema = SCHEMAS[list]
        const checked = schema.safeParse(value)
        if (checked.success) this.add(checked.data.prefix, list, position, normaliseAttributes(checked.data), path)
        else addSchemaProblems(checked.error.issues, path, () => Object.keys(schema.shape), this.problems)
      }
    })
  }

  add(text: string, list: ListName, position: number, attributes: EntryAttributes, path: JsonPath): void {
    if (++this.count > MAX_PREFIXES) {
      const message = `The policy has more than ${MAX_PREFIXES} prefixes; this version accepts no more.`
      if (this.count === MAX_PREFIXES + 1) this.problems.add('policy.limit', path, message)
      return
    }
    const parsed = parsePrefix(text)
    if (parsed === undefined) {
      this.problems.add(
        'policy.prefix',
        path,
        `${quote(text)} is not an IP address or prefix.${prefixAdvice(text, this.advice)}`,
      )
      return
    }
    const { hostBits, ...prefix } = parsed
    const normal = formatPrefix(prefix)
    if (hostBits) {
      const message = `${quote(text)} has bits set past the length of the prefix; it is taken as ${normal}.`
      this.warnings.add('policy.prefix', path, message, { at: list === 'label' ? 'key' : 'value' })
    }
    if (this.isNew(`${list} ${normal}`, normal, attributes, path))
      this.entries.push({ prefix, list, position, attributes, path })
  }

  finish(): PolicyPrefix[] {
    const narrow = this.entries.filter(({ list, attributes, prefix, path }) => {
      if (list !== 'allow' || attributes.wide === true) return false
      if (prefix.length >= SHORTEST[prefix.family]) return true
      this.refuseWide(prefix, `${formatPrefix(prefix)} is`, path)
      return false
    })
    for (const joined of aggregate(narrow.map((entry) => entry.prefix))) {
      if (joined.length >= SHORTEST[joined.family]) continue
      const first = narrow.find(({ prefix }) => holds(joined, prefix.bytes))!
      this.refuseWide(joined, `This and other entries together make ${formatPrefix(joined)}, which is`, first.path)
    }
    return this.entries.map(({ path: _, ...entry }) => entry)
  }

  private isNew(key: string, normal: string, attributes: EntryAttributes, path: JsonPath): boolean {
    const earlier = this.known.get(key)
    if (earlier === undefined) {
      this.known.set(key, { attributes, path })
      return true
    }
    const where = formatPath(earlier.path)
    if (JSON.stringify(earlier.attributes) === JSON.stringify(attributes)) {
      this.warnings.add('policy.duplicate-entry', path, `${normal} stands twice; the first is at ${where}.`)
    } else {
      const message = `${normal} stands twice with different attributes; the first is at ${where}. Keep one of them.`
      this.problems.add('policy.duplicate-entry', path, message)
    }
    return false
  }

  private refuseWide(prefix: Prefix, what: string, path: JsonPath): void {
    const limit = `/${SHORTEST[prefix.family]}`
    const message = `${what} wider than ${limit}. Name smaller prefixes, or ${this.advice.wide}.`
    this.problems.add('policy.prefix', path, message)
  }
}

function prefixAdvice(text: string, { names }: Advice): string {
  if (text.includes('%')) return ' Leave out the zone ("%…").'
  if (/^[0-9]+(\.[0-9]+){0,2}(\/|$)/.test(text))
    return ' Write all four numbers of an IPv4 address, such as "10.0.0.0/8".'
  if (/[g-z]/i.test(text)) return ` Names belong under ${names}.`
  return ' Write it as "192.0.2.0/24" or "2001:db8::/32".'
}
