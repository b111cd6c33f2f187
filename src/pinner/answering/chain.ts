import {
  CLASS_IN,
  isAtOrBelow,
  labelTexts,
  type Message,
  nameKey,
  nameLabels,
  type ResourceRecord,
  TYPE,
} from '../../dns/message/index.ts'

/** Where the answer to a question leads. Names are lower-case keys. */
export interface Chain {
  /** Every name after the asked one, in order; the last is where the records stand. */
  readonly targets: readonly string[]
  /** Records of the asked type at the end; empty where the answer is negative. */
  readonly records: readonly ResourceRecord[]
  /** Least TTL of all links, in seconds; Infinity where there is no link. */
  readonly linkTtl: number
}

/** The answer contradicts itself, runs in a circle, or is longer than anyone needs. */
export class ChainError extends Error {
  override readonly name = 'ChainError'
}

/**
 * Follows CNAME and DNAME (RFC 6672) strictly from the asked name; records that the chain does not touch are foreign
 * and left out. Throws ChainError.
 */
export function followChain(message: Message, name: string, type: number, maxLinks: number): Chain {
  const byOwner = new Map<string, ResourceRecord[]>()
  const dnames: ResourceRecord[] = []
  for (const record of message.answers) {
    if (record.class !== CLASS_IN) continue
    if (record.type === TYPE.DNAME) dnames.push(record)
    const owner = nameKey(record.name)
    const known = byOwner.get(owner)
    if (known === undefined) byOwner.set(owner, [record])
    else known.push(record)
  }
  const targets: string[] = []
  const seen = new Set<string>()
  let linkTtl = Number.POSITIVE_INFINITY
  let current = nameKey(name)
  for (;;) {
    if (seen.has(current)) throw new ChainError('the chain of the answer runs in a circle')
    seen.add(current)
    const here = byOwner.get(current) ?? []
    const records = here.filter((record) => record.type === type)
    if (records.length > 0) return { targets, records, linkTtl }
    const link = cnameLink(here) ?? dnameLink(dnames, current)
    if (link === undefined) return { targets, records: [], linkTtl }
    if (targets.length === maxLinks) throw new ChainError('the chain of the answer has too many links')
    linkTtl = Math.min(linkTtl, link.ttl, dnameTtl(dnames, current))
    current = link.target
    targets.push(current)
  }
}

interface Link {
  readonly target: string
  readonly ttl: number
}

function cnameLink(records: readonly ResourceRecord[]): Link | undefined {
  let link: Link | undefined
  for (const record of records) {
    if (record.type !== TYPE.CNAME || record.data.kind !== 'name') continue
    const target = nameKey(record.data.name)
    if (link !== undefined && link.target !== target) throw new ChainError('a name of the answer has two aliases')
    link = { target, ttl: Math.min(record.ttl, link?.ttl ?? record.ttl) }
  }
  return link
}

const above = (dname: ResourceRecord, name: string) => {
  const owner = nameKey(dname.name)
  return owner !== name && isAtOrBelow(name, owner)
}

function dnameLink(dnames: readonly ResourceRecord[], name: string): Link | undefined {
  const dname = dnames.find((each) => above(each, name))
  if (dname === undefined || dname.data.kind !== 'name') return undefined
  const prefix = labelTexts(name).slice(0, -labelTexts(nameKey(dname.name)).length || undefined)
  const suffix = nameKey(dname.data.name)
  const target = suffix === '.' ? prefix.join('.') : [...prefix, suffix].join('.')
  try {
    nameLabels(target)
  } catch {
    throw new ChainError('an alias of the answer is longer than a name may be')
  }
  return { target, ttl: dname.ttl }
}

/** A CNAME made from a DNAME may live no longer than it. */
const dnameTtl = (dnames: readonly ResourceRecord[], name: string): number =>
  Math.min(...dnames.filter((each) => above(each, name)).map((each) => each.ttl), Number.POSITIVE_INFINITY)
