import { join } from 'node:path'
import type { Layout } from '../../base/layout.ts'
import { uninterrupted } from '../../base/uninterrupted.ts'
import {
  type ConfigTree,
  type Definitions,
  formatCommandDiff,
  formatCompare,
  formatShow,
  type Located,
  mergeTrees,
  type Path,
  placementOf,
  rebase,
} from '../../vyos/index.ts'
import { noteActive, noteRevision } from './active-note.ts'
import { commitTree } from './commit.ts'
import { takeLock } from './commit-lock.ts'
import type { CommitRequest } from './commit-request.ts'
import type { ConfigStore, Revision } from './config-store.ts'
import type { OwnerCaller } from './owner-call.ts'
import type { UnconfirmedCommit } from './unconfirmed-commit.ts'
import { setFault } from './value-rules.ts'

/** Refusal of a configuration command: lines as VyOS prints them, without indentation. */
export class CommandRefused extends Error {}

export interface SessionSurroundings {
  readonly layout: Layout
  readonly definitions: Definitions
  readonly store: ConfigStore
  readonly unconfirmed: UnconfirmedCommit
  readonly caller: OwnerCaller
  readonly user: string
  readonly write: (text: string) => void
}

/** One operator's work on the configuration, between `configure` and `exit`. */
export class ConfigSession {
  readonly #around: SessionSurroundings
  /** What was in force when the working configuration last agreed with it. */
  #base: ConfigTree
  #working: ConfigTree
  #level: readonly string[] = []

  constructor(around: SessionSurroundings) {
    this.#around = around
    this.#base = around.store.active()
    this.#working = this.#base
  }

  get level(): readonly string[] {
    return this.#level
  }

  get working(): ConfigTree {
    return this.#working
  }

  get isChanged(): boolean {
    return !this.#working.equals(this.#base)
  }

  /** Is the running configuration another than the saved one? */
  get isUnsaved(): boolean {
    const saved = this.#around.store.saved()
    return saved === undefined ? this.#base.root.children.size > 0 : !saved.equals(this.#base)
  }

  /** @returns a remark for the operator, or undefined */
  set(words: readonly string[]): string | undefined {
    const located = this.#locate(words, 'Set')
    const fault = setFault(located, (path) => this.#locate(path, 'Set', []).definition!)
    if (fault !== undefined) throw new CommandRefused(`${fault}\nSet failed`)
    const placed = this.#working.place(placementOf(located))
    if (placed === this.#working || placed.equals(this.#working)) {
      return `Configuration path: [${located.words.join(' ')}] already exists`
    }
    this.#working = placed
    return undefined
  }

  delete(words: readonly string[]): string | undefined {
    const plain = [...this.#level, ...words]
    if (this.#working.has(plain)) {
      this.#working = this.#working.remove(plain)
      return undefined
    }
    const located = this.#locate(words, 'Delete')
    const { path, value } = placementOf(located)
    if (value !== undefined && this.#working.get(path)?.values.includes(value)) {
      this.#working = this.#working.removeValue(path, value)
    } else if (value === undefined && this.#working.has(path)) {
      this.#working = this.#working.remove(path)
    } else {
      return `Nothing to delete (the specified ${value === undefined ? 'node' : 'value'} does not exist)`
    }
    return undefined
  }

  comment(words: readonly string[], text: string): void {
    const refuse = (reason: string): never => {
      throw new CommandRefused(`${reason}\nComment failed`)
    }
    const located = this.#locate(words, 'Comment')
    const role = located.roles.at(-1)
    if (!this.#working.hasNodeOrValue(located.words)) refuse('The specified config node does not exist')
    if (role === 'value') refuse('Cannot comment on config values')
    if (role === 'tag') refuse('Cannot add comment at this level')
    if (text.includes('*')) refuse("Cannot use the '*' character in a comment")
    if (/[\x00-\x1f\x7f]/.test(text)) refuse('Cannot use control characters in a comment')
    this.#working = this.#working.withComment(located.words, text.trim())
  }

  /** Puts a copy of a tag node (its name and tag value, at this level) beside it. */
  copy(from: readonly string[], to: readonly string[]): void {
    const [source, target] = this.#siblings('copy', from, to)
    this.#working = this.#working.replace(target, this.#working.get(source)!)
  }

  rename(from: readonly string[], to: readonly string[]): void {
    const [source, target] = this.#siblings('rename', from, to)
    this.#working = this.#working.replace(target, this.#working.get(source)!).remove(source)
  }

  /** Paths of a tag node that exists and of one that is to be, with VyOS's refusals (vyatta-cfg, cstore.cpp). */
  #siblings(action: 'copy' | 'rename', from: readonly string[], to: readonly string[]): [Path, Path] {
    const verb = action === 'copy' ? 'Copy' : 'Rename'
    const refuse = (reason: string): never => {
      throw new CommandRefused(`${reason}\n${verb} failed`)
    }
    const source = this.#locate(from, verb)
    const target = this.#locate(to, verb)
    const [name, tag] = source.words.slice(-2)
    const [newName, newTag] = target.words.slice(-2)
    if (name !== newName) refuse(`Cannot ${action} from "${name}" to "${newName}"`)
    if (source.roles.at(-1) !== 'tagValue') refuse(`Cannot ${action} under "${name}"`)
    if (!this.#working.has(source.words)) refuse(`Configuration "${name} ${tag}" does not exist`)
    if (this.#working.has(target.words)) refuse(`Configuration "${name} ${newTag}" already exists`)
    const fault = setFault(target, (path) => this.#locate(path, verb, []).definition!)
    if (fault !== undefined) refuse(fault)
    return [source.words, target.words]
  }

  show(words: readonly string[]): string {
    const path = this.#pathOf(words, 'Show')
    return formatShow(this.#base, this.#working, path) ?? 'Configuration under specified path is empty\n'
  }

  /** Full path of a node that exists in a tree or in the definitions. */
  #pathOf(words: readonly string[], action: string): readonly string[] {
    const plain = [...this.#level, ...words]
    if (this.#working.has(plain) || this.#base.has(plain)) return plain
    return placementOf(this.#locate(words, action)).path
  }

  /** @param older,newer trees to compare; the running and the working one by default */
  compare(older: ConfigTree = this.#base, newer: ConfigTree = this.#working): string {
    return formatCompare(older, newer, this.#level)
  }

  /** The `delete` and `set` commands that lead from the running to the working configuration; empty for none. */
  compareCommands(): string {
    const { deletes, sets } = formatCommandDiff(this.#base, this.#working)
    if (deletes.length + sets.length === 0) return ''
    return `${deletes.join('\n')}\n${sets.join('\n')}\n`
  }

  /** @returns false where there is no level to enter */
  edit(words: readonly string[]): boolean {
    const located = this.#locate(words, 'Edit')
    const role = located.roles.at(-1)
    if (role !== 'node' && role !== 'tagValue') return false
    if (!this.#working.has(located.words)) this.set(words)
    this.#level = located.words
    return true
  }

  /** @returns false at the top level */
  up(): boolean {
    if (this.#level.length === 0) return false
    const lookup = this.#around.definitions.locate(this.#level)
    const depth = lookup.ok && lookup.located.roles.at(-1) === 'tagValue' ? 2 : 1
    this.#level = this.#level.slice(0, -depth)
    return true
  }

  top(): void {
    this.#level = []
  }

  /** Puts another tree in the place of the working configuration. */
  replace(tree: ConfigTree): void {
    this.#level = []
    this.#working = tree.withFooter(tree.footer === '' ? this.#working.footer : tree.footer)
  }

  merge(tree: ConfigTree): void {
    this.#level = []
    const { definitions } = this.#around
    this.#working = mergeTrees(this.#working, tree, (path) => {
      const lookup = definitions.locate(path)
      return lookup.ok && lookup.located.definition?.multi === true
    })
  }

  /** @returns were there changes? */
  discard(): boolean {
    const changed = this.isChanged
    this.#base = this.#around.store.active()
    this.#working = this.#base
    if (!this.#working.has(this.#level)) this.#level = []
    return changed
  }

  /** Carries the working configuration out. Subtrees that were refused stay as uncommitted changes. */
  async commit(request: CommitRequest): Promise<boolean> {
    if (!this.isChanged) throw new CommandRefused('No configuration changes to commit')
    return this.#exclusively(() => this.#commitLocked(request))
  }

  /** Keeps the commit that waits for it. @returns false where none does */
  confirm(): Promise<boolean> {
    const { store, unconfirmed, write } = this.#around
    return this.#exclusively(async () => {
      const pending = unconfirmed.read()
      if (pending === undefined) return false
      unconfirmed.clear()
      const { revision } = pending
      if (revision !== undefined) noteRevision(write, () => store.addRevision(store.active(), revision))
      return true
    })
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const { layout } = this.#around
    const release = takeLock(join(layout.run, 'config/commit.lock'))
    if (release === undefined) {
      throw new CommandRefused('Configuration system temporarily locked due to another commit in progress')
    }
    try {
      return await uninterrupted(work)
    } finally {
      release()
    }
  }

  async #commitLocked(request: CommitRequest): Promise<boolean> {
    const { comment, via, confirmMinutes, booting = false, admit, settle } = request
    const { store, unconfirmed, user, write } = this.#around
    const isUnconfirmed = confirmMinutes !== undefined
    const active = store.active()
    admit?.(active)
    if (isUnconfirmed) {
      if (unconfirmed.read() !== undefined) throw new CommandRefused('Another confirm is pending')
      unconfirmed.begin(active, confirmMinutes)
      write(`Initialized commit-confirm; ${confirmMinutes} minutes to confirm before reload\n`)
    }
    this.#working = active.equals(this.#base) ? this.#working : rebase(this.#base, this.#working, active)
    this.#base = active
    const result = await commitTree(active, this.#working, { ...this.#around, booting })
    if (!result.active.equals(active)) {
      if (!(await noteActive(active, result.active, this.#around, request))) return false
      const revision: Omit<Revision, 'sequence'> = { time: new Date().toISOString(), user, via, comment }
      noteRevision(write, () =>
        isUnconfirmed ? unconfirmed.note(revision) : store.addRevision(result.active, revision),
      )
    } else if (isUnconfirmed) unconfirmed.clear()
    this.#base = result.active
    if (result.ok) {
      this.#working = result.active
      settle?.()
    }
    if (!this.#working.has(this.#level)) this.#level = []
    return result.ok
  }

  #locate(words: readonly string[], action: string, level = this.#level): Located {
    const lookup = this.#around.definitions.locate([...level, ...words])
    if (lookup.ok) return lookup.located
    const { at, candidates, before } = lookup
    const word = [...level, ...words][at]!
    const parent = [...before.words, ''].slice(level.length).join(' ')
    const heading = `Configuration path: ${parent}[${word}]`
    if (candidates.length === 0) throw new CommandRefused(`${heading} is not valid\n${action} failed`)
    const width = Math.max(...candidates.map(({ name }) => name.length))
    const list = candidates.map(({ name, help }) => `  ${name.padEnd(width)}  ${help}`)
    throw new CommandRefused(
      [`${heading} is ambiguous`, '', 'Possible completions:', ...list, '', `${action} failed`].join('\n'),
    )
  }
}
