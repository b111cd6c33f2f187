import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { assetsRoot } from '../base/assets.ts'
import type { Placement } from './config-tree.ts'
import type { Definition } from './definition.ts'
import { readDefinitionFiles } from './definition-reader.ts'

/** What a word of a configuration path is. */
export type Role = 'node' | 'tag' | 'tagValue' | 'leaf' | 'value'

/** A configuration path that the definitions know, word by word. */
export interface Located {
  readonly words: readonly string[]
  readonly roles: readonly Role[]
  /** Definition of the last word, for values that of the leaf or tag node. Undefined at the root. */
  readonly definition: Definition | undefined
  /** What may follow the last word. */
  readonly children: ReadonlyMap<string, Definition>
}

/** The definitions' view of a path, or the word that they do not know. */
export type Lookup =
  | { readonly ok: true; readonly located: Located }
  | { readonly ok: false; readonly at: number; readonly candidates: readonly Definition[]; readonly before: Located }

const NO_CHILDREN: ReadonlyMap<string, Definition> = new Map()

/** Nodes that can be configured, from the interface definitions. */
export class Definitions {
  readonly roots: ReadonlyMap<string, Definition>
  readonly versions: ReadonlyMap<string, number>

  constructor(roots: ReadonlyMap<string, Definition>, versions: ReadonlyMap<string, number>) {
    this.roots = roots
    this.versions = versions
  }

  /** Walks a path. Node names may be shortened while they stay unambiguous; the result holds them in full. */
  locate(path: readonly string[]): Lookup {
    let located: Located = { words: [], roles: [], definition: undefined, children: this.roots }
    for (const [at, word] of path.entries()) {
      const last = located.roles.at(-1)
      const { definition } = located
      if (definition !== undefined && (last === 'tag' || (last === 'leaf' && !definition.valueless))) {
        const role = last === 'tag' ? 'tagValue' : 'value'
        located = {
          words: [...located.words, word],
          roles: [...located.roles, role],
          definition,
          children: role === 'tagValue' ? definition.children : NO_CHILDREN,
        }
        continue
      }
      const candidates = matching(located.children, word)
      if (candidates.length !== 1) return { ok: false, at, candidates, before: located }
      const next = candidates[0]!
      located = {
        words: [...located.words, next.name],
        roles: [...located.roles, next.kind],
        definition: next,
        children: next.kind === 'node' ? next.children : NO_CHILDREN,
      }
    }
    return { ok: true, located }
  }
}

/** The definition of that name, or all whose names begin so. */
export function matching(children: ReadonlyMap<string, Definition>, word: string): Definition[] {
  const exact = children.get(word)
  if (exact !== undefined) return [exact]
  return [...children.values()].filter((child) => child.name.startsWith(word))
}

/** How the tree holds a located path. */
export function placementOf(located: Located): Placement {
  const tags = new Set(located.roles.flatMap((role, index) => (role === 'tag' ? [index] : [])))
  if (located.roles.at(-1) === 'leaf') return { path: located.words, tags, valueless: true }
  if (located.roles.at(-1) !== 'value') return { path: located.words, tags }
  const value = located.words.at(-1)!
  return { path: located.words.slice(0, -1), tags, value, multi: located.definition?.multi === true }
}

const shippedFolder = (): string => join(assetsRoot(), 'interface-definitions')

/**
 * Component versions of the shipped definitions, without the nodes, which take a commit long to read. They stand in the
 * file that VyOS keeps them in.
 * @throws ClawgressError definition.invalid
 */
export const loadVersions = (): ReadonlyMap<string, number> =>
  readDefinitionFiles([join(shippedFolder(), 'xml-component-version.xml.in')]).versions

/**
 * Definitions in `folder`, the shipped ones by default. Files: `*.xml.in`.
 * @throws ClawgressError definition.invalid
 */
export function loadDefinitions(folder = shippedFolder()): Definitions {
  const files = readdirSync(folder).filter((name) => name.endsWith('.xml.in'))
  const { roots, versions } = readDefinitionFiles(files.sort().map((name) => join(folder, name)))
  return new Definitions(roots, versions)
}
