import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { ConfigTree, parseConfig, printConfig, refuseNewerVersions, updateFooter } from '../../vyos/index.ts'

/** Larger files are refused unread. */
const MAX_FILE_BYTES = 64 * 1024 * 1024
const KEPT_REVISIONS = 100
const RELEASE = 'clawgress'

/** One earlier running configuration. */
export interface Revision {
  /** Grows with every commit. */
  readonly sequence: number
  /** ISO 8601. */
  readonly time: string
  readonly user: string
  readonly via: string
  readonly comment: string
}

export function writeAtomically(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.new`
  writeFileSync(temporary, text, { mode: 0o640, flush: true })
  renameSync(temporary, file)
}

/** Configurations on disk: the running one, the saved one, and earlier ones for rollback. */
export class ConfigStore {
  readonly #layout: Layout
  readonly #versions: ReadonlyMap<string, number>
  readonly #active: string
  readonly #revisions: string
  readonly #saved: string

  /** @param versions component versions that the footer of a saved file names */
  constructor(layout: Layout, versions: ReadonlyMap<string, number>) {
    this.#layout = layout
    this.#versions = versions
    this.#active = join(layout.run, 'config/active.boot')
    this.#revisions = join(layout.state, 'config-revisions')
    this.#saved = join(layout.config, 'config.boot')
  }

  /** The running configuration; empty before the first commit since boot. */
  active(): ConfigTree {
    return this.#read(this.#active) ?? ConfigTree.empty
  }

  writeActive(tree: ConfigTree): void {
    writeAtomically(this.#active, printConfig(tree))
  }

  saved(): ConfigTree | undefined {
    return this.#read(this.#saved)
  }

  /** Writes the tree with the version footer that VyOS needs. Returns the file's path as the operator knows it. */
  save(tree: ConfigTree, name?: string): string {
    const file = name === undefined ? this.#saved : this.#locate(name)
    writeAtomically(file, this.#withFooter(tree))
    return file.slice(this.#layout.root.length)
  }

  /**
   * A file named by the operator: absolute, or below the configuration folder. Undefined where there is none.
   * @throws ClawgressError config.syntax, config.version
   */
  load(name: string): ConfigTree | undefined {
    return this.#readKnown(this.#locate(name))
  }

  /** Earlier running configurations, newest (the present one) first. */
  revisions(): Revision[] {
    if (!existsSync(this.#revisions)) return []
    const names = readdirSync(this.#revisions).filter((name) => /^\d+\.json$/.test(name))
    return names
      .sort()
      .reverse()
      .map((name) => JSON.parse(readFileSync(join(this.#revisions, name), 'utf8')) as Revision)
  }

  /** Configuration of revision `number`: 0 is the present one. Undefined where there is none. */
  revision(number: number): ConfigTree | undefined {
    const revision = this.revisions()[number]
    return revision === undefined ? undefined : this.#readKnown(this.#revisionFile(revision.sequence, 'boot'))
  }

  addRevision(tree: ConfigTree, entry: Omit<Revision, 'sequence'>): void {
    const known = this.revisions()
    const sequence = (known[0]?.sequence ?? 0) + 1
    writeAtomically(this.#revisionFile(sequence, 'boot'), this.#withFooter(tree))
    writeAtomically(this.#revisionFile(sequence, 'json'), JSON.stringify({ sequence, ...entry }))
    for (const old of known.slice(KEPT_REVISIONS - 1)) {
      rmSync(this.#revisionFile(old.sequence, 'json'), { force: true })
      rmSync(this.#revisionFile(old.sequence, 'boot'), { force: true })
    }
  }

  #revisionFile(sequence: number, kind: 'boot' | 'json'): string {
    return join(this.#revisions, `${String(sequence).padStart(8, '0')}.${kind}`)
  }

  #withFooter(tree: ConfigTree): string {
    return printConfig(tree.withFooter(updateFooter(tree.footer, this.#versions, RELEASE)))
  }

  #locate(name: string): string {
    return isAbsolute(name) ? join(this.#layout.root, name) : join(this.#layout.config, name)
  }

  #readKnown(file: string): ConfigTree | undefined {
    const tree = this.#read(file)
    if (tree !== undefined) refuseNewerVersions(tree.footer, this.#versions, file)
    return tree
  }

  #read(file: string): ConfigTree | undefined {
    if (!existsSync(file)) return undefined
    const size = statSync(file).size
    if (size > MAX_FILE_BYTES) fail('config.syntax', `The file is larger than ${MAX_FILE_BYTES} bytes.`, { file })
    return parseConfig(readFileSync(file, 'utf8'), file)
  }
}
