import { isUtf8 } from 'node:buffer'
import { parsePrefix } from '../base/address.ts'
import { fail, type Problem } from '../base/errors.ts'
import { AttributeList } from './attributes.ts'
import type { JsonPath } from './json/locate.ts'
import { invalidUtf8At, placeOf } from './json/place.ts'
import { JsonReader, type JsonValue } from './json/reader.ts'
import { NameEntries } from './name-entries.ts'
import { readPorts } from './ports.ts'
import { PrefixEntries } from './prefix-entries.ts'
import { ProblemList } from './problems.ts'
import { quote } from './quote.ts'
import { policyDocument } from './schema.ts'
import { addSchemaProblems } from './schema-problems.ts'
import type { Policy, PolicyOrigin } from './types.ts'

export const MAX_POLICY_BYTES = 256 * 2 ** 20
export const MAX_DEPTH = 16

const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b

/**
 * Reads, checks and normalises a policy. Throws ClawgressError with every problem found (the first 50, then their
 * count), each with JSON path, line and column; returns what is odd but possible as warnings, bounded in the same way.
 * `file` is how the operator named the file; it goes into the problems only.
 */
export function parsePolicy(
  bytes: Buffer,
  file?: string,
  origin: PolicyOrigin = 'file',
): { policy: Policy; warnings: Problem[] } {
  checkEncoding(bytes, file)
  const problems = new ProblemList()
  const warnings = new ProblemList()
  const attributes = new AttributeList()
  const names = new NameEntries(bytes.length, attributes, problems, warnings)
  const prefixes = new PrefixEntries(problems, warnings)
  const reader = new JsonReader(bytes, {
    file,
    maxDepth: MAX_DEPTH,
    duplicateKey: (path, offset) => {
      const message = `The key ${quote(String(path.at(-1)))} stands twice in this object; keep one.`
      problems.add('policy.duplicate-key', path, message, { offset })
    },
  })
  const document = readDocument(reader, names, prefixes)
  const checked = policyDocument.safeParse(document)
  if (!checked.success) addSchemaProblems(checked.error.issues, [], fieldsAt, problems)
  addLabels(document, names, prefixes)
  const table = names.finish()
  const list = prefixes.finish()
  problems.throwIfAny(bytes, file)
  const ports = checked.data?.allow?.ports
  const description = checked.data?.description
  const policy: Policy = {
    ...(description === undefined || description === '' ? {} : { description }),
    ...(ports === undefined ? {} : { ports: readPorts(ports) }),
    parts: [{ origin, names: table, attributes: attributes.list, prefixes: list }],
  }
  return { policy, warnings: warnings.count === 0 ? [] : warnings.tell(bytes, file) }
}

function checkEncoding(bytes: Buffer, file: string | undefined): void {
  const where = file === undefined ? {} : { file }
  if (bytes.length > MAX_POLICY_BYTES) {
    fail('policy.limit', `The policy has ${bytes.length} bytes; ${MAX_POLICY_BYTES} (256 MiB) are possible.`, where)
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    fail('policy.syntax', 'The file begins with a byte order mark; save it as UTF-8 without one.', {
      ...where,
      line: 1,
      column: 1,
    })
  }
  if (!isUtf8(bytes)) {
    const place = placeOf(bytes, invalidUtf8At(bytes))
    fail('policy.syntax', 'This is not valid UTF-8; save the file as UTF-8.', { ...where, ...place })
  }
}

/** The whole document, but with the large lists taken out of it into `names` and `prefixes`. */
function readDocument(reader: JsonReader, names: NameEntries, prefixes: PrefixEntries): JsonValue {
  if (reader.peek() !== OPEN_OBJECT) {
    const value = reader.value()
    reader.end()
    return value
  }
  const document: { [key: string]: JsonValue } = Object.create(null)
  reader.object((key) => {
    const isList = (key === 'allow' || key === 'deny') && reader.peek() === OPEN_OBJECT
    document[key] = isList ? readLists(reader, key, names, prefixes) : reader.value()
  })
  reader.end()
  return document
}

function readLists(reader: JsonReader, list: 'allow' | 'deny', names: NameEntries, prefixes: PrefixEntries): JsonValue {
  const lists: { [key: string]: JsonValue } = Object.create(null)
  reader.object((key) => {
    const large = key === 'domains' ? names : key === 'ips' ? prefixes : undefined
    if (large !== undefined && reader.peek() === OPEN_ARRAY) {
      large.readList(reader, list)
      lists[key] = []
    } else lists[key] = reader.value()
  })
  return lists
}

/** The labels as they were read: what is wrong with their keys is told even where something else is wrong too. */
function addLabels(document: JsonValue, names: NameEntries, prefixes: PrefixEntries): void {
  const labels = isObject(document) ? document.labels : undefined
  if (!isObject(labels)) return
  const keys = Object.keys(labels)
  names.setLabelKeys(keys)
  keys.forEach((key, position) => {
    const value = labels[key]
    const label = typeof value === 'string' ? value : ''
    const isPrefix = /[:/]/.test(key) || parsePrefix(key) !== undefined
    if (isPrefix) prefixes.add(key, 'label', position, { label }, ['labels', key])
    else names.addLabel(key, label, position)
  })
}

const isObject = (value: JsonValue | undefined): value is { [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function fieldsAt(path: JsonPath): readonly string[] {
  const { shape } = policyDocument
  if (path.length === 0) return Object.keys(shape)
  if (path[0] === 'allow') return Object.keys(shape.allow.unwrap().shape)
  return path[0] === 'deny' ? Object.keys(shape.deny.unwrap().shape) : []
}
