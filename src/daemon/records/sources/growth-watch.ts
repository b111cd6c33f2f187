import { type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds that a change waits for more: a flood wakes nobody oftener. */
const GRAIN = 8
/** Milliseconds between looks whether the folders are still the same. */
const LOOK_EVERY = 1_000

interface Watched {
  /** Inode and birth time: inode numbers are used again. */
  readonly identity: string
  readonly watcher: FSWatcher
}

/**
 * Ends a wait as soon as one of some files grows (inotify), so that an idle program need not look often. Folders may be
 * missing, come later and be replaced; where one cannot be watched, only time ends a wait.
 */
export class GrowthWatch {
  private readonly names: ReadonlyMap<string, ReadonlySet<string>>
  private readonly watched = new Map<string, Watched>()
  private hasGrown = false
  private wake: (() => void) | undefined
  private lookedAt = Number.NEGATIVE_INFINITY

  constructor(paths: readonly string[]) {
    const folders = [...new Set(paths.map((path) => dirname(path)))]
    const namesIn = (folder: string) =>
      new Set(paths.filter((path) => dirname(path) === folder).map((path) => basename(path)))
    this.names = new Map(folders.map((folder) => [folder, namesIn(folder)]))
  }

  /** Resolves after `milliseconds`, or a moment after a file has grown since the last wait. */
  async wait(milliseconds: number): Promise<void> {
    if (performance.now() - this.lookedAt >= LOOK_EVERY) this.look()
    await sleep(Math.min(GRAIN, milliseconds))
    if (!this.hasGrown && milliseconds > GRAIN)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds - GRAIN)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.wake = undefined
    this.hasGrown = false
  }

  close(): void {
    for (const { watcher } of this.watched.values()) watcher.close()
    this.watched.clear()
  }

  private look(): void {
    this.lookedAt = performance.now()
    for (const folder of this.names.keys())
      try {
        const stat = statSync(folder, { throwIfNoEntry: false })
        const identity = stat && `${stat.ino} ${stat.birthtimeMs}`
        if (this.watched.get(folder)?.identity === identity) continue
        this.forget(folder)
        if (identity !== undefined) this.watch(folder, identity)
      } catch {
        // No watches left, or no right to: time alone ends the waits, and it is tried again.
      }
  }

  private watch(folder: string, identity: string): void {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || !this.names.get(folder)!.has(name)) return
      this.hasGrown = true
      this.wake?.()
    })
    watcher.on('error', () => this.forget(folder))
    this.watched.set(folder, { identity, watcher })
  }

  private forget(folder: string): void {
    this.watched.get(folder)?.watcher.close()
    this.watched.delete(folder)
  }
}
