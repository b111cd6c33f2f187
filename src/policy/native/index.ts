export { mergeProblems } from './merge-problems.ts'
export { entryPlace, type NodeValue, POLICY_PATH, type PolicyNodes, type Words } from './nodes.ts'
export { readNativePolicy } from './read.ts'
export { type NativeChange, nativeChange, nativeWords } from './write.ts'
