import { type Attributes, attributesOf, dump, type NFPROTO, NFT_MSG, nestedIn, numberOf, textOf } from './dump.ts'
import { readAttributes } from './message.ts'
import type { NetlinkSocket } from './socket.ts'

/** Reading of chains at a hook, and of what their rules do with packets (linux/netfilter/nf_tables.h). */

const GETCHAIN = NFT_MSG | 4
const GETRULE = NFT_MSG | 7
const CHAIN = { table: 1, name: 3, hook: 4 } as const
const HOOK = { number: 1, priority: 2 } as const
const RULE = { table: 1, chain: 2, expressions: 4 } as const
const EXPRESSION = { name: 1, data: 2 } as const
const IMMEDIATE_DATA = 2
const DATA_VERDICT = 2
const VERDICT = { code: 1, chain: 2 } as const
/** Those that never end a rule; a `meta` that reads is asked about by what comes after it. */
const WITHOUT_CONDITION: ReadonlySet<string> = new Set([
  'counter',
  'last',
  'log',
  'notrack',
  'immediate',
  'meta',
  'bitwise',
])
const CT_SOURCE = 4
const OBJECT_TYPE = 1
/** Named quotas and limits end a rule, as a map of objects does that does not have the packet. */
const OBJECT_COUNTER = 1
const LOOKUP = { set: 1, destination: 3 } as const
const GETSETELEM = NFT_MSG | 13
const LIST = { table: 1, set: 2, elements: 3 } as const
const ELEMENT_DATA = 2
/** Codes below NF_DROP (0), as the kernel counts them. */
const VERDICTS: ReadonlyMap<number, Verdict['kind']> = new Map([
  [0, 'drop'],
  [1, 'accept'],
  [-3, 'jump'],
  [-4, 'goto'],
  [-5, 'return'],
])

export type TableFamily = (typeof NFPROTO)[keyof typeof NFPROTO]

export interface HookedChain {
  readonly family: TableFamily
  readonly table: string
  readonly name: string
  /** As in linux/netfilter.h; 0 is prerouting. */
  readonly hook: number
  readonly priority: number
}

export interface Verdict {
  readonly kind: 'accept' | 'drop' | 'jump' | 'goto' | 'return'
  /** Of a jump or goto. */
  readonly chain: string
}

export interface Rule {
  /** Some packets may not come as far as what it does first: taking out of tracking, or its verdict. */
  readonly isConditional: boolean
  /** It takes packets out of connection tracking. */
  readonly isNotrack: boolean
  /** Several: a verdict map has one of its own for some packets each. */
  readonly verdicts: readonly Verdict[]
}

/** Base chains of all tables of a family. Throws ClawgressError `apply.kernel`. */
export function readHookedChains(socket: NetlinkSocket, family: TableFamily): HookedChain[] {
  return dump(socket, { type: GETCHAIN, family }, (attributes, buffer) => {
    if (!attributes.has(CHAIN.hook)) return undefined
    const hook = nestedIn(attributes, buffer, CHAIN.hook)
    return {
      family,
      table: textOf(attributes, buffer, CHAIN.table),
      name: textOf(attributes, buffer, CHAIN.name),
      hook: numberOf(hook, buffer, HOOK.number),
      priority: numberOf(hook, buffer, HOOK.priority) | 0,
    }
  })
}

/** Rules of one chain, in order. Throws ClawgressError `apply.kernel`. */
export function readRules(socket: NetlinkSocket, family: TableFamily, table: string, chain: string): Rule[] {
  const only = [[RULE.table, table] as const, [RULE.chain, chain] as const]
  const rules = dump(socket, { type: GETRULE, family, only }, (attributes, buffer) => {
    const expressions = expressionsOf(attributes, buffer).map(({ name, data }) => ({
      isNotrack: name === 'notrack',
      isCondition: isCondition(name, data, buffer),
      verdict: name === 'immediate' ? verdictIn(data, buffer, IMMEDIATE_DATA) : undefined,
      map: verdictMapOf(name, data, buffer),
    }))
    const first = expressions.findIndex(
      (each) => each.isNotrack || each.verdict !== undefined || each.map !== undefined,
    )
    return {
      // A verdict map is a condition, too.
      isConditional: expressions.slice(0, first + 1).some((each) => each.isCondition),
      isNotrack: expressions.some(({ isNotrack }) => isNotrack),
      verdicts: expressions.flatMap(({ verdict }) => verdict ?? []),
      maps: expressions.flatMap(({ map }) => map ?? []),
    }
  })
  // Not while the dump of the rules is read: one socket carries both.
  return rules.map(({ maps, verdicts, ...rule }) => ({
    ...rule,
    verdicts: [...verdicts, ...maps.flatMap((map) => readVerdictMap(socket, family, table, map))],
  }))
}

function readVerdictMap(socket: NetlinkSocket, family: TableFamily, table: string, map: string): Verdict[] {
  const only = [[LIST.table, table] as const, [LIST.set, map] as const]
  return dump(socket, { type: GETSETELEM, family, only }, (attributes, buffer) => {
    const found: Verdict[] = []
    const elements = attributes.get(LIST.elements)
    if (elements === undefined) return undefined
    readAttributes(buffer, elements[0], elements[1], (_, start, end) => {
      const verdict = verdictIn(attributesOf(buffer, start, end), buffer, ELEMENT_DATA)
      if (verdict !== undefined) found.push(verdict)
    })
    return found
  }).flat()
}

function isCondition(name: string, data: Attributes, buffer: Buffer): boolean {
  if (name === 'ct') return !data.has(CT_SOURCE)
  if (name === 'objref') return numberOf(data, buffer, OBJECT_TYPE) !== OBJECT_COUNTER
  return !WITHOUT_CONDITION.has(name)
}

function expressionsOf(rule: Attributes, buffer: Buffer): { name: string; data: Attributes }[] {
  const place = rule.get(RULE.expressions)
  const found: { name: string; data: Attributes }[] = []
  if (place === undefined) return found
  readAttributes(buffer, place[0], place[1], (_, start, end) => {
    const expression = attributesOf(buffer, start, end)
    const name = textOf(expression, buffer, EXPRESSION.name)
    found.push({ name, data: nestedIn(expression, buffer, EXPRESSION.data) })
  })
  return found
}

/** Name of the map that a lookup takes a verdict from: register 0 is the verdict. */
function verdictMapOf(name: string, data: Attributes, buffer: Buffer): string | undefined {
  const isVerdict =
    name === 'lookup' && data.has(LOOKUP.destination) && numberOf(data, buffer, LOOKUP.destination) === 0
  return isVerdict ? textOf(data, buffer, LOOKUP.set) : undefined
}

function verdictIn(attributes: Attributes, buffer: Buffer, type: number): Verdict | undefined {
  const verdict = nestedIn(nestedIn(attributes, buffer, type), buffer, DATA_VERDICT)
  const kind = verdict.has(VERDICT.code) ? VERDICTS.get(numberOf(verdict, buffer, VERDICT.code) | 0) : undefined
  return kind === undefined ? undefined : { kind, chain: textOf(verdict, buffer, VERDICT.chain) }
}
