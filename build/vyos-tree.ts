import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { assetsRoot } from '../src/base/assets.ts'
import { ClawgressError } from '../src/base/errors.ts'
import {
  buildCommandTemplates,
  buildOpTemplates,
  checkDefinitions,
  loadDefinitions,
  printXml,
  readConfigXml,
  type TemplateTree,
  transclude,
} from '../src/vyos/index.ts'

const DEFINITION = /\.xml(\.in)?$/

/** Definition files that an argument names: the file itself, or those of a folder by name. */
export function definitionFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  const names = readdirSync(path).filter((name) => DEFINITION.test(name))
  return names.sort().map((name) => join(path, name))
}

const within = (folder: string, tree: TemplateTree): [string, string][] =>
  [...tree].map(([path, text]) => [`${folder}/${path}`, text])

/** Folders above ours belong to VyOS, and their node.def files with them. */
const ours = (tree: TemplateTree): TemplateTree =>
  new Map([...tree].filter(([path]) => path.split('/').includes('clawgress')))

const built = (file: string): string => basename(file).replace(DEFINITION, '.xml')

/**
 * Everything that VyOS needs of our definitions, as texts by path: node.def trees for both modes, and the definitions
 * themselves, with includes and defaults resolved, for VyOS's own tools on the box, and the migration, under the name
 * that lets VyOS run it on files of every other version.
 * @throws ClawgressError definition.invalid with every fault of the definitions
 */
export function vyosTree(root = assetsRoot()): Map<string, string> {
  const config = definitionFiles(join(root, 'interface-definitions'))
  const op = definitionFiles(join(root, 'op-mode'))
  const problems = checkDefinitions({ config, op })
  if (problems.length > 0) throw new ClawgressError(problems)
  return new Map([
    ...within('templates-cfg', ours(buildCommandTemplates(config))),
    ...within('templates-op', ours(buildOpTemplates(op))),
    ...config.map((file) => [`interface-definitions/${built(file)}`, printXml(readConfigXml(file))] as const),
    [
      `migrate/1000-to-${loadDefinitions(join(root, 'interface-definitions')).versions.get('clawgress')}`,
      readFileSync(join(root, 'vyos-build/migrate/note_left_out.py'), 'utf8'),
    ],
    ...op.map((file) => [`op-mode-definitions/${built(file)}`, transclude(file)] as const),
  ])
}
