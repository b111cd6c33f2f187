import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'

/** A package of the npm registry, pinned to its bytes. */
export interface PinnedPackage {
  readonly name: string
  readonly version: string
  /** `sha512-…` as package-lock.json writes it. */
  readonly integrity: string
}

/** Brought packages stay here, unpacked, so that the next build needs no network. */
const CACHE = 'node_modules/.cache/clawgress-deb'

/** Folder with the contents of the package; fetched once. Throws where the bytes are not the pinned ones. */
export async function unpackedPackage(wanted: PinnedPackage): Promise<string> {
  const digest = createHash('sha256').update(wanted.integrity).digest('hex').slice(0, 16)
  const folder = join(CACHE, digest)
  if (existsSync(folder)) return folder
  mkdirSync(CACHE, { recursive: true })
  const scratch = mkdtempSync(join(CACHE, 'unpacking-'))
  try {
    const specifier = `${wanted.name}@${wanted.version}`
    await execa('npm', ['pack', '--loglevel=error', '--pack-destination', scratch, specifier])
    const [archive] = readdirSync(scratch)
    verify(wanted, readFileSync(join(scratch, archive!)))
    await execa('tar', ['--extract', '--gzip', '--no-same-owner', '--file', archive!], { cwd: scratch })
    keep(join(scratch, 'package'), folder)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return folder
}

/** Another build may have brought the same bytes meanwhile. */
function keep(unpacked: string, folder: string): void {
  try {
    renameSync(unpacked, folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

function verify({ name, version, integrity }: PinnedPackage, bytes: Buffer): void {
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  if (found !== integrity)
    throw new Error(`${name} ${version} is not what was pinned: ${found} instead of ${integrity}.`)
}

/** How package-lock.json pins a package of `node_modules`, of another architecture's, too. */
export function lockedPackage(name: string): PinnedPackage {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { version: string; integrity: string } | undefined>
  }
  const entry = packages[`node_modules/${name}`]
  if (entry === undefined) throw new Error(`package-lock.json does not know ${name}.`)
  return { name, version: entry.version, integrity: entry.integrity }
}
