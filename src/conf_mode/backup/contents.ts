import { z } from 'zod'
import { readArchive } from '../../base/archive-file.ts'
import { ClawgressError, fail } from '../../base/errors.ts'
import { type ConfigTree, checkTree, type Definitions, footerVersions, parseConfig } from '../../vyos/index.ts'
import { checkedMembers, MANIFEST } from './manifest.ts'
import { CONFIG_MEMBER, FILE_NODES, fileMember, HISTORY_MEMBER, SECTION } from './members.ts'

/** What a backup holds, found whole and in itself right; nothing of it was taken over yet. */
export interface BackupContents {
  /** ISO 8601, UTC. */
  readonly created: string
  /** Nothing but `service clawgress`. */
  readonly section: ConfigTree
  /** Files by the node that names them, with the path where each belongs, below /config. */
  readonly files: readonly { readonly node: readonly string[]; readonly path: string; readonly content: Buffer }[]
  /** Files of the history by entry. */
  readonly history: ReadonlyMap<string, ReadonlyMap<string, Buffer>>
}

const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[^\p{Cc}]*$/u)
const metaSchema = z.looseObject({
  generation: z.string(),
  time: z.iso.datetime(),
  user: text(256),
  summary: text(4096),
})

/** Reads an archive of `createBackup`. Throws ClawgressError: `archive.file`, `archive.invalid`, or what the section says. */
export function readBackup(file: string, definitions: Definitions): BackupContents {
  const { manifest, contents } = checkedMembers(readArchive(file, { first: MANIFEST }))
  const take = (path: string) => {
    const content = contents.get(path)
    contents.delete(path)
    return content
  }
  const section = readSection(take(CONFIG_MEMBER), definitions)
  const files = FILE_NODES.flatMap((node) => {
    const [path] = section.get([...SECTION, ...node])?.values ?? []
    if (path === undefined || !path.startsWith('/config/')) return []
    const content = take(fileMember(node)) ?? refuse(`It lacks the file ${path}, which its configuration names.`)
    return [{ node, path, content }]
  })
  const history = new Map<string, Map<string, Buffer>>()
  for (const [path, content] of contents) {
    const [, entry, name] = HISTORY_MEMBER.exec(path) ?? []
    if (entry === undefined || name === undefined) return refuse(`${path} in it has no meaning.`)
    if (name === 'meta.json') checkMeta(entry, content)
    history.set(entry, (history.get(entry) ?? new Map<string, Buffer>()).set(name, content))
  }
  return { created: manifest.created, section, files, history }
}

function readSection(content: Buffer | undefined, definitions: Definitions): ConfigTree {
  const tree = parseConfig(content?.toString('utf8') ?? refuse('It holds no configuration.'), CONFIG_MEMBER)
  const written = footerVersions(tree.footer).get('clawgress') ?? 0
  const known = definitions.versions.get('clawgress') ?? 0
  if (written !== known)
    refuse(`Its configuration is of component version ${written}; this version of Clawgress knows ${known}.`)
  if (!tree.has(SECTION) || !tree.withFooter('').equals(tree.only(SECTION)))
    refuse('Its configuration must hold service clawgress and nothing else.')
  const problems = checkTree(definitions, tree, SECTION)
  if (problems.length > 0) throw new ClawgressError(problems.map((problem) => ({ ...problem, file: CONFIG_MEMBER })))
  return tree.only(SECTION)
}

function checkMeta(entry: string, content: Buffer): void {
  let value: unknown
  try {
    value = JSON.parse(content.toString('utf8'))
  } catch {
    value = undefined
  }
  const { success, data } = metaSchema.safeParse(value)
  if (!success || !entry.endsWith(`-${data.generation}`)) refuse(`The entry ${entry} of its history is not one.`)
}

function refuse(why: string): never {
  fail('archive.invalid', `This archive cannot be used. ${why}`)
}
