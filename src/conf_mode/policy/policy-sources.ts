import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceWhole } from '../../base/atomic-file.ts'
import { ClawgressError, type Problem } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { systemUser } from '../../base/system-users.ts'
import {
  mergePolicies,
  mergeProblems,
  type Policy,
  type PolicyNodes,
  parsePolicy,
  readNativePolicy,
} from '../../policy/index.ts'
import type { ConfigDict } from '../../vyos/index.ts'
import { readPolicyFile } from './policy-file.ts'

/** Where a policy comes from: the policy file, the configuration, or both. */
export interface PolicySources {
  readonly file?: {
    /** As the operator named it. */
    readonly path: string
    /** The octets that were judged: what is activated, whatever happens to the file meanwhile. */
    readonly bytes: Buffer
  }
  /** What lies below `service clawgress policy`; an empty node is a policy that allows nothing. */
  readonly nodes?: PolicyNodes
}

export interface ReadPolicy {
  readonly policy: Policy
  readonly sources: PolicySources
  readonly warnings: readonly Problem[]
}

/** The file and the nodes that hold a policy in a configuration; both absent where it names none. */
export function sourcesNamed(config: ConfigDict): { file: string | undefined; nodes: PolicyNodes | undefined } {
  const { 'policy-file': file, policy } = config
  const isNode = typeof policy === 'object' && !Array.isArray(policy)
  return {
    file: typeof file === 'string' ? file : undefined,
    nodes: policy === undefined ? undefined : isNode ? (policy as PolicyNodes) : {},
  }
}

/**
 * Reads the policy that a configuration names; `candidate` in place of the policy file. Undefined where it names none.
 * Throws ClawgressError with every problem of both sources.
 */
export function readPolicy(layout: Layout, config: ConfigDict, candidate?: Buffer): ReadPolicy | undefined {
  const { file: path, nodes } = sourcesNamed(config)
  if (path === undefined && nodes === undefined) return undefined
  const problems: Problem[] = []
  const collect = <T>(read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof ClawgressError)) throw error
      problems.push(...error.problems)
      return undefined
    }
  }
  const bytes = path === undefined ? undefined : collect(() => candidate ?? readPolicyFile(layout, path))
  const file = bytes === undefined ? undefined : collect(() => parsePolicy(bytes, path))
  const native = nodes === undefined ? undefined : collect(() => readNativePolicy(nodes))
  if (file !== undefined && native !== undefined) problems.push(...mergeProblems(file.policy, native.policy))
  if (problems.length > 0) throw new ClawgressError(problems)
  const read = [file, native].filter((source) => source !== undefined)
  return {
    policy: mergePolicies(read.map((source) => source.policy)),
    sources: {
      ...(path === undefined || bytes === undefined ? {} : { file: { path, bytes } }),
      ...(nodes === undefined ? {} : { nodes }),
    },
    warnings: read.flatMap((source) => source.warnings),
  }
}

const FILES = { file: 'policy.json', nodes: 'policy-nodes.json' } as const

/** Keeps the sources in a generation's folder. */
export function writeSources(folder: string, { file, nodes }: PolicySources): void {
  const put = (name: string, content: Buffer | string | undefined) => {
    if (content === undefined) rmSync(join(folder, name), { force: true })
    else replaceWhole(join(folder, name), content, 0o640, systemUser('clawgress')?.gid)
  }
  put(FILES.file, file?.bytes)
  put(FILES.nodes, nodes === undefined ? undefined : JSON.stringify(nodes))
}

/** What `writeSources` kept; each absent where there is none. Throws where the nodes cannot be read. */
export function readSources(folder: string): { file?: Buffer; nodes?: PolicyNodes } {
  const kept = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : undefined)
  const [file, nodes] = [kept(FILES.file), kept(FILES.nodes)]
  return {
    ...(file === undefined ? {} : { file }),
    ...(nodes === undefined ? {} : { nodes: JSON.parse(nodes.toString('utf8')) as PolicyNodes }),
  }
}

/** The kept policy file, where it is all that the policy was read from. */
export function soleFile(folder: string): string | undefined {
  const [file, nodes] = [join(folder, FILES.file), join(folder, FILES.nodes)]
  return existsSync(file) && !existsSync(nodes) ? file : undefined
}

/** Copies what `writeSources` kept, into a new folder, to the disk: a rollback after a power failure needs it whole. */
export function copySources(from: string, to: string): void {
  for (const name of Object.values(FILES))
    if (existsSync(join(from, name)))
      writeFileSync(join(to, name), readFileSync(join(from, name)), { mode: 0o640, flush: true })
}
