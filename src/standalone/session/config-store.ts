import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { readRegularFile } from '../../base/regular-file.ts'
import {
  ConfigTree,
  type Definitions,
  parseConfig,
  parseJson,
  parseSetCommands,
  printConfig,
  refuseNewerVersions,
  updateFooter,
} from '../../vyos/index.ts'

/** Larger files are refused unread. */
const MAX_FILE_BYTES = 64 * 1024 * 1024
/** The form of a file shows in its beginning. */
const SNIFFED_CHARACTERS = 4096
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
  // Never into what somebody has put there, as everybody may in a folder such as /tmp.
  rmSync(temporary, { force: true })
  try {
    writeFileSync(temporary, text, { mode: 0o640, flush: true, flag: 'wx' })
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Configurations on disk: the running one, the saved one, and earlier ones for rollback. */
export class ConfigStore {
  readonly #layout: Layout
  readonly #definitions: Definitions
  readonly #active: string
  readonly #revisions: string
  readonly #saved: string

  constructor(layout: Layout, definitions: Definitions) {
    this.#layout = layout
    this.#definitions = definitions
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

  /**
   * Writes the tree with the version footer that VyOS needs. Returns the file's path as the operator knows it.
   * @throws ClawgressError config.value where the file cannot be written
   */
  save(tree: ConfigTree, name?: string): string {
    const file = name === undefined ? this.#saved : this.#locate(name)
    try {
      writeAtomically(file, this.#withFooter(tree))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      fail('config.value', `The file cannot be written (${code}); name another one, or make room.`, { file })
    }
    return file.slice(this.#layout.root.length)
  }

  /**
   * A file named by the operator: absolute, or below the configuration folder. Undefined where there is none. Besides
   * VyOS's format it may hold `set` commands or JSON, as `show configuration commands` and `json` print them.
   * @throws ClawgressError config.syntax, config.path, config.value, config.version
   */
  load(name: string): ConfigTree | undefined {
    const file = this.#locate(name)
    const text = this.#text(file)
    if (text === undefined) return undefined
    const start = text.slice(0, SNIFFED_CHARACTERS)
    if (/^\s*\{/.test(start)) return parseJson(text, this.#definitions, file)
    if (/^(?:\s|#.*\n)*(?:set|delete) /.test(start)) return parseSetCommands(text, this.#definitions, file)
    return this.#readKnown(file)
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
    return printConfig(tree.withFooter(updateFooter(tree.footer, this.#definitions.versions, RELEASE)))
  }

  #locate(name: string): string {
    return isAbsolute(name) ? join(this.#layout.root, name) : join(this.#layout.config, name)
  }

  #readKnown(file: string): ConfigTree | undefined {
    const tree = this.#read(file)
    if (tree !== undefined) refuseNewerVersions(tree.footer, this.#definitions.versions, file)
    return tree
  }

  #read(file: string): ConfigTree | undefined {
    const text = this.#text(file)
    return text === undefined ? undefined : parseConfig(text, file)
  }

  #text(file: string): string | undefined {
    if (!existsSync(file)) return undefined
    const content = readRegularFile(file, MAX_FILE_BYTES)
    return 'fault' in content
      ? fail('config.value', `The file ${content.fault}.`, { file })
      : content.bytes.toString('utf8')
  }
}
