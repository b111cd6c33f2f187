import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { MAINTAINER, type Release } from './stage.ts'

/** Programs that Clawgress runs, and what Node links to; `make test` runs it with nothing else. */
const DEPENDS = [
  'adduser',
  'bind9 (>= 1:9.18)',
  'bind9-utils',
  'iproute2',
  'libc6 (>= 2.28)',
  'libgcc-s1',
  'libstdc++6 (>= 9)',
  'nftables (>= 1.0.6)',
  'openssl',
  'ulogd2',
  'ulogd2-json',
]
/** What the lab shows itself with. */
const SUGGESTS = ['bind9-dnsutils', 'curl', 'iputils-ping', 'procps']

const SCRIPTS = ['postinst', 'prerm', 'postrm', 'triggers'] as const

/** How hard dpkg-deb compresses; `quick` makes a package several times as large in a fraction of the time. */
export type Compression = 'small' | 'quick'

/** One thread: the bytes must not depend on how many processors the machine has. */
const COMPRESSION: Record<Compression, readonly string[]> = {
  small: ['-Zxz', '--threads-max=1'],
  quick: ['-Zgzip', '-z1'],
}

/** Packs the staged tree into `file`. Same tree and release, same bytes. */
export async function pack(root: string, file: string, release: Release, compression: Compression): Promise<void> {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()
  const files = paths.filter((path) => lstatSync(join(root, path)).isFile())
  const control = join(root, 'DEBIAN')
  mkdirSync(control)
  const put = (name: string, content: string, mode = 0o644) => {
    writeFileSync(join(control, name), content)
    chmodSync(join(control, name), mode)
  }
  put('control', printControl(release, installedSize(root, paths)))
  put(
    'md5sums',
    files
      .filter((path) => !path.startsWith('etc/'))
      .map((path) => `${md5(join(root, path))}  ${path}\n`)
      .join(''),
  )
  put(
    'conffiles',
    files
      .filter((path) => path.startsWith('etc/'))
      .map((path) => `/${path}\n`)
      .join(''),
  )
  for (const name of SCRIPTS)
    put(name, readFileSync(join('vyos-build/debian', name), 'utf8'), name === 'triggers' ? 0o644 : 0o755)
  for (const path of ['', 'DEBIAN', ...paths]) settle(join(root, path), release.epoch)
  const environment = { SOURCE_DATE_EPOCH: String(release.epoch) }
  await execa('dpkg-deb', ['--root-owner-group', ...COMPRESSION[compression], '--build', root, file], {
    env: environment,
  })
}

/** The umask and the time of the build leave no trace. */
function settle(path: string, epoch: number): void {
  if (lstatSync(path).isDirectory()) chmodSync(path, 0o755)
  utimesSync(path, epoch, epoch)
}

/** KiB as dpkg-gencontrol(1) counts them: files rounded up, everything else 1. */
function installedSize(root: string, paths: readonly string[]): number {
  const sizes = paths
    .map((path) => lstatSync(join(root, path)))
    .map((stat) => (stat.isFile() ? Math.ceil(stat.size / 1024) : 1))
  return sizes.reduce((sum, size) => sum + size, 0)
}

const md5 = (file: string): string => createHash('md5').update(readFileSync(file)).digest('hex')

function printControl({ version, architecture }: Release, kibibytes: number): string {
  return `Package: clawgress
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes}
Depends: ${DEPENDS.join(', ')}
Suggests: ${SUGGESTS.join(', ')}
Section: net
Priority: optional
Description: egress allowlist gateway for AI agents
 Clients reach the names and addresses that a policy lists, and nothing else:
 bind9 answers allowed names only, and nftables lets through only what these
 names resolved to. Every denial is recorded with its reason.
 .
 On VyOS it is configured below "service clawgress"; on other Debian systems
 "clawgress shell" is a configuration session of the same kind.
`
}
