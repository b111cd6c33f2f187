import { type ConfigDict, type ConfigTree, configJson } from '../../vyos/index.ts'

/** `pki` of a configuration, as a handler is given it. */
export function pkiOf(tree: ConfigTree): ConfigDict | null {
  const { pki } = configJson(tree)
  return typeof pki === 'object' && !Array.isArray(pki) ? (pki as ConfigDict) : null
}
