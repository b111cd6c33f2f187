import { readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { type Completion, type ConfigTree, compareNames, type Definition } from '../../vyos/index.ts'

const list = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort(compareNames)
  } catch {
    return []
  }
}

/** What VyOS's completion scripts of these names print. No script is ever run. */
const SCRIPTS: Readonly<Record<string, () => string[]>> = {
  list_interfaces: () => list('/sys/class/net'),
  'list_local_ips.sh': () =>
    Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
}

/** Files below the configuration folder, as the operator names them: at most two levels deep, JSON only. */
function policyFiles(configFolder: string, root: string): string[] {
  const found = list(configFolder).flatMap((name) =>
    name.endsWith('.json') ? [name] : list(join(configFolder, name)).map((inner) => `${name}/${inner}`),
  )
  const folder = configFolder.slice(root.length)
  return found.filter((name) => name.endsWith('.json')).map((name) => `${folder}/${name}`)
}

/** Literal values, nodes of the configuration, and what the known scripts would list. */
export function completionValues(completion: Completion, tree: ConfigTree): string[] {
  const scripts = completion.scripts.flatMap((script) => {
    const name = script.split(' ')[0]!.replace(/^.*\//, '')
    return SCRIPTS[name]?.() ?? []
  })
  const nodes = completion.paths.flatMap((path) => [...(tree.get(path.split(/\s+/))?.children.keys() ?? [])])
  return [...completion.list, ...nodes, ...scripts]
}

/** Values to offer for a leaf or tag node. */
export function valuesFor(
  definition: Definition,
  tree: ConfigTree,
  layout: { config: string; root: string },
): string[] {
  const takesFile = definition.valueHelp.some(({ format }) => format === 'filename')
  const files = takesFile ? policyFiles(layout.config, layout.root) : []
  return [...new Set([...completionValues(definition.completion, tree), ...files])]
}

/** Files in the configuration folder, for `load`, `merge` and `save`. */
export const configFiles = (folder: string): string[] => list(folder).filter((name) => name.includes('.boot'))
