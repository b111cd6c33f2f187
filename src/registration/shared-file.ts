import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { replaceWhole } from '../base/atomic-file.ts'

/**
 * A file of VyOS's that we replace by one made from it. The original is kept, with a digest of what we made, so that
 * doing it again starts from the original, and an upgrade of VyOS that wrote the file anew is seen.
 */
export class SharedFile {
  readonly path: string
  private readonly original: string
  private readonly digest: string

  constructor(path: string, originals: string) {
    this.path = path
    const name = path.replaceAll('/', '_')
    this.original = join(originals, `${name}.original`)
    this.digest = join(originals, `${name}.sha256`)
  }

  exists(): boolean {
    return existsSync(this.path)
  }

  /** What VyOS put there. */
  readOriginal(): Buffer {
    return readFileSync(this.isOurs() ? this.original : this.path)
  }

  replace(content: Buffer): void {
    const original = this.readOriginal()
    const { mode } = statSync(this.path)
    mkdirSync(join(this.original, '..'), { recursive: true, mode: 0o755 })
    // The digest first: a file that is not what it says counts as VyOS's.
    replaceWhole(this.original, original, 0o644)
    replaceWhole(this.digest, sha256(content), 0o644)
    replaceWhole(this.path, content, mode & 0o777)
  }

  /** Puts the original back, unless VyOS has done so itself. */
  restore(): void {
    if (this.exists() && this.isOurs())
      replaceWhole(this.path, readFileSync(this.original), statSync(this.path).mode & 0o777)
    rmSync(this.original, { force: true })
    rmSync(this.digest, { force: true })
  }

  private isOurs(): boolean {
    return (
      existsSync(this.digest) &&
      existsSync(this.original) &&
      readFileSync(this.digest, 'utf8') === sha256(readFileSync(this.path))
    )
  }
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')
