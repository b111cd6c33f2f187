import type { ConfigNode, ConfigTree } from '../../vyos/index.ts'
import { SECRET_NAME } from './redact.ts'

/** Tag nodes that say whose secret follows: their names stand in logs, and are needed there. */
const IDENTIFIERS = ['id', 'name']

const namesSecret = (name: string): boolean => SECRET_NAME.test(name) && name !== 'public-key'

/** Every value and tag of a configuration, ours or not, that stands where secrets stand. */
export function secretsOf(running: ConfigTree): Set<string> {
  const found = new Set<string>()
  const collect = (node: ConfigNode, isSecret: boolean, isPki: boolean, name: string) => {
    if (isSecret) for (const value of node.values) found.add(value)
    const holdsTags = node.tag && isSecret && !isPki && !IDENTIFIERS.includes(name)
    for (const [child, inner] of node.children) {
      if (holdsTags) found.add(child)
      const opensPki = !node.tag && child === 'pki'
      collect(inner, isSecret || opensPki || (!node.tag && namesSecret(child)), isPki || opensPki, child)
    }
  }
  collect(running.root, false, false, '')
  return found
}

/** Words in quotes, which a stray quote spoils on its own line alone; bare words; and what sets words apart. */
const TOKENS = /"(?:\\.|[^"\\\n])*"|[^\s{}"]+|[{}\n"]/g

/**
 * What may be a secret in the text of a configuration that cannot be parsed: words behind one that names secrets, and
 * all words of blocks that do. Rather too many than too few.
 */
export function secretsInText(text: string): Set<string> {
  const found = new Set<string>()
  const blocks: ('harmless' | 'secret' | 'pki')[] = []
  let line: string[] = []
  const endLine = (opensBlock: boolean) => {
    const around = blocks.at(-1) ?? 'harmless'
    // Within such a block the first word is the name of a node.
    const first = around === 'harmless' ? line.findIndex(namesSecret) : 0
    const namesOwner = opensBlock && (around === 'pki' || IDENTIFIERS.includes(line[0] ?? ''))
    if (first >= 0 && !namesOwner) for (const word of line.slice(first + 1)) found.add(word)
    if (opensBlock)
      blocks.push(around !== 'harmless' ? around : line[0] === 'pki' ? 'pki' : first >= 0 ? 'secret' : around)
    line = []
  }
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '\n') endLine(false)
    else if (token === '{') endLine(true)
    else if (token === '}') {
      endLine(false)
      blocks.pop()
    } else if (token !== '"') line.push(token.length > 1 && token.startsWith('"') ? unquoted(token) : token)
  }
  endLine(false)
  return found
}

const unquoted = (token: string): string => token.slice(1, -1).replace(/\\(.)/gs, '$1')
