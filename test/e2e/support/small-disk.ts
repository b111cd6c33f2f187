import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'

const MIB = 2 ** 20

/** A file system without a free octet: filled to the last by a file. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: string
  readonly #release: () => Promise<void>

  private constructor(folder: string, release: () => Promise<void>) {
    this.#folder = folder
    this.#release = release
  }

  /** Makes the tmpfs at `mountPoint` hardly larger than what is in it, and fills the rest, until disposed of. */
  static async fill(mountPoint: string): Promise<SmallDisk> {
    const { blocks, bfree, bsize } = statfsSync(mountPoint)
    const resize = (bytes: number) => execa('mount', ['-o', `remount,size=${bytes}`, mountPoint])
    const disk = new SmallDisk(mountPoint, async () => {
      await resize(blocks * bsize)
      await disk.empty()
    })
    await resize((blocks - bfree) * bsize + MIB)
    await disk.fill()
    return disk
  }

  /** A new tmpfs of 16 MiB at the folder, until disposed of. */
  static async mount(folder: string): Promise<SmallDisk> {
    mkdirSync(folder, { recursive: true })
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=755', 'clawgress-test', folder])
    return new SmallDisk(folder, async () => void (await execa('umount', ['--lazy', folder])))
  }

  async fill(): Promise<void> {
    const fd = openSync(this.#filler, 'a')
    try {
      for (const size of [MIB, 4096, 1]) writeUntilFull(fd, size)
    } finally {
      closeSync(fd)
    }
  }

  async empty(): Promise<void> {
    rmSync(this.#filler, { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#release()
  }

  get #filler(): string {
    return join(this.#folder, 'filler')
  }
}

function writeUntilFull(fd: number, size: number): void {
  const block = Buffer.alloc(size)
  try {
    while (writeSync(fd, block) === size);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
