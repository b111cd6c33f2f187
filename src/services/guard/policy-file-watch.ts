import { type BigIntStats, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Layout, runtimePaths } from '../../base/layout.ts'

/** How the policy file compares with what was activated; `none`: no policy file is configured, or nothing is live. */
export type PolicyFileState =
  | { readonly state: 'none' }
  | { readonly state: 'same' | 'changed' | 'missing'; readonly path: string }

/** Compares the policy file with the copy in the live generation; reads them only where one of them is another file. */
export class PolicyFileWatch {
  private readonly layout: Layout
  private compared: { readonly stamps: string; readonly isSame: boolean } | undefined

  constructor(layout: Layout) {
    this.layout = layout
  }

  /** Rejects where a file cannot be read. */
  async look(): Promise<PolicyFileState> {
    const { current } = runtimePaths(this.layout)
    const path = await readSource(join(current, 'source.json'))
    const copy = join(current, 'policy.json')
    const activated = statOf(copy)
    if (path === undefined || activated === undefined) return { state: 'none' }
    const file = join(this.layout.root, path)
    const present = statOf(file)
    if (present === undefined) return { state: 'missing', path }
    // Also what is no file at all, such as a pipe, which would hold us up.
    if (present.size !== activated.size || !present.isFile()) return { state: 'changed', path }
    const stamps = `${stampOf(present)} ${stampOf(activated)}`
    if (this.compared?.stamps !== stamps)
      this.compared = { stamps, isSame: (await readFile(file)).equals(await readFile(copy)) }
    return { state: this.compared.isSame ? 'same' : 'changed', path }
  }
}

/** The policy file as the operator named it; undefined: the policy stands in the configuration alone. */
async function readSource(file: string): Promise<string | undefined> {
  if (statOf(file) === undefined) return undefined
  const { policyFile } = JSON.parse(await readFile(file, 'utf8')) as { policyFile?: unknown }
  return typeof policyFile === 'string' ? policyFile : undefined
}

const statOf = (path: string): BigIntStats | undefined => statSync(path, { bigint: true, throwIfNoEntry: false })

const stampOf = ({ ino, mtimeNs, ctimeNs }: BigIntStats): string => `${ino} ${mtimeNs} ${ctimeNs}`
