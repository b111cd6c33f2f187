import { aggregate, formatPrefix, holds } from '../../base/address.ts'
import type { Problem } from '../../base/errors.ts'
import { CONFIG_ADVICE } from '../advice.ts'
import { hashName } from '../names/hash.ts'
import { KINDS } from '../names/table.ts'
import { SHORTEST } from '../prefix-entries.ts'
import type { EntryAttributes, ListName, Policy, PolicyPart, PolicyPrefix } from '../types.ts'
import { entryPlace } from './nodes.ts'

/**
 * What is wrong with the entries of the configuration beside those of the policy file: the same entry with other
 * attributes, of which nobody could say which counts, and prefixes that only together are too wide.
 */
export function mergeProblems(file: Policy, config: Policy): Problem[] {
  return config.parts.flatMap((part) =>
    file.parts.flatMap((other) => [
      ...nameConflicts(part, other),
      ...prefixConflicts(part, other),
      ...tooWide(part, other),
    ]),
  )
}

const LISTS: readonly ListName[] = ['allow', 'deny', 'label']

function* nameConflicts(config: PolicyPart, file: PolicyPart): Iterable<Problem> {
  const found = new Int32Array(KINDS)
  const { names } = config
  for (let entry = 0; entry < names.size; entry++) {
    const kind = names.kind(entry)
    const bytes = Buffer.from(names.name(entry), 'latin1')
    const kinds = file.names.find(bytes, 0, bytes.length, hashName(bytes, 0, bytes.length), found)
    if ((kinds & (1 << kind)) === 0) continue
    const list = LISTS[kind >> 1]!
    const same = sameAttributes(
      config.attributes[names.attributes[entry]!]!,
      file.attributes[file.names.attributes[found[kind]!]!]!,
    )
    if (!same) yield conflict(config, list, 'domain', names.text(entry), namePlace(file, list, found[kind]!))
  }
}

const namePlace = (file: PolicyPart, list: ListName, entry: number): string =>
  list === 'label' ? '$.labels' : `$.${list}.domains[${file.names.positions[entry]}]`

function* prefixConflicts(config: PolicyPart, file: PolicyPart): Iterable<Problem> {
  const keyOf = ({ list, prefix }: PolicyPrefix) => `${list} ${formatPrefix(prefix)}`
  const wanted = new Map(config.prefixes.map((entry) => [keyOf(entry), entry]))
  if (wanted.size === 0) return
  for (const entry of file.prefixes) {
    const other = wanted.get(keyOf(entry))
    if (other === undefined || sameAttributes(other.attributes, entry.attributes)) continue
    const place = entry.list === 'label' ? '$.labels' : `$.${entry.list}.ips[${entry.position}]`
    yield conflict(config, entry.list, 'address', formatPrefix(entry.prefix), place)
  }
}

const sameAttributes = (a: EntryAttributes, b: EntryAttributes): boolean => JSON.stringify(a) === JSON.stringify(b)

function conflict(
  config: PolicyPart,
  list: ListName,
  what: 'domain' | 'address',
  text: string,
  filePlace: string,
): Problem {
  return {
    code: 'policy.duplicate-entry',
    path: entryPlace(config, list, what, text),
    message: `${text} stands in the policy file too, at ${filePlace}, with other attributes. Keep one of them.`,
  }
}

/** The file alone and the configuration alone were judged when they were read. */
function* tooWide(config: PolicyPart, file: PolicyPart): Iterable<Problem> {
  const narrow = ({ prefixes }: PolicyPart) =>
    prefixes.filter(({ list, attributes }) => list === 'allow' && attributes.wide !== true)
  const own = narrow(config)
  if (own.length === 0) return
  for (const joined of aggregate([...own, ...narrow(file)].map(({ prefix }) => prefix))) {
    if (joined.length >= SHORTEST[joined.family]) continue
    const first = own.find(({ prefix }) => holds(joined, prefix.bytes))!
    yield {
      code: 'policy.prefix',
      path: entryPlace(config, 'allow', 'address', formatPrefix(first.prefix)),
      message: `This and prefixes of the policy file together make ${formatPrefix(joined)}, wider than /${SHORTEST[joined.family]}. Name smaller prefixes, or ${CONFIG_ADVICE.wide}.`,
    }
  }
}
