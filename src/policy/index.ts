export { type DiffEntry, diffPolicies, type ListDiff, type PolicyDiff } from './diff.ts'
export { formatDiff } from './diff-text.ts'
export { printPolicy } from './document.ts'
export { countEntries } from './entries.ts'
export { mergePolicies } from './merge.ts'
export { compareTables } from './names/compare.ts'
export { finishHash, HASH_START, hashOctet } from './names/hash.ts'
export { normaliseName } from './names/normalise.ts'
export { depthBit, isWildcard, KIND, KINDS, type Kind, NameTable } from './names/table.ts'
export { NameTableBuilder } from './names/table-builder.ts'
export {
  entryPlace,
  mergeProblems,
  type NativeChange,
  type NodeValue,
  nativeChange,
  nativeWords,
  POLICY_PATH,
  type PolicyNodes,
  readNativePolicy,
  type Words,
} from './native/index.ts'
export { MAX_POLICY_BYTES, parsePolicy } from './parse.ts'
export { DEFAULT_PORTS, formatPorts, joinPorts, type PortRange, parsePorts } from './ports.ts'
export { policyJsonSchema } from './schema.ts'
export type { EntryAttributes, Policy, PolicyOrigin, PolicyPart, PolicyPrefix } from './types.ts'
