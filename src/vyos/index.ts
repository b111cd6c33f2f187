export { type CommandLine, splitLine, wordsForCompletion } from './command-line.ts'
export { buildCommandTemplates } from './command-templates/config-templates.ts'
export { buildOpTemplates } from './command-templates/op-templates.ts'
export type { TemplateTree } from './command-templates/template-tree.ts'
export { type ConfigDict, type ConfigValue, configDict, configJson } from './config-dict.ts'
export { formatCommandDiff, formatCompare, formatShow, mergeTrees, rebase } from './config-diff.ts'
export { parseJson, printJson } from './config-json.ts'
export { type ConfigNode, sameNode } from './config-node.ts'
export { printConfig } from './config-printer.ts'
export { parseConfig } from './config-reader.ts'
export { ConfigTree, type Path, type Placement } from './config-tree.ts'
export { type Completion, type Definition, type OpDefinition, ownerName } from './definition.ts'
export { checkDefinitions, type DefinitionSet } from './definition-lint/check-definitions.ts'
export { readConfigXml, readOpXml } from './definition-xml/definition-file.ts'
export { transclude } from './definition-xml/source-text.ts'
export { printXml } from './definition-xml/xml-printer.ts'
export {
  Definitions,
  type Located,
  type Lookup,
  loadDefinitions,
  loadVersions,
  matching,
  placementOf,
} from './definitions.ts'
export { compareNames } from './node-order.ts'
export { loadOpDefinitions, mergeOpDefinitions } from './op-definitions.ts'
export { parseSetCommands, printSetCommands } from './set-commands.ts'
export { checkTree } from './tree-check.ts'
export { satisfies } from './value-check.ts'
export { footerVersions, refuseNewerVersions, updateFooter } from './version-footer.ts'
