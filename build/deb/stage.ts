import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { execa } from 'execa'
import { vyosTree } from '../vyos-tree.ts'
import { type Architecture, machineParts } from './architecture.ts'
import { copyParts } from './copy-parts.ts'
import { bundledPackages, type Component, componentAt, printCopyright, printNotices } from './licences.ts'
import { lockedPackage, unpackedPackage } from './registry-packages.ts'

const PROGRAM = 'usr/lib/clawgress'
const DOCUMENTATION = 'usr/share/doc/clawgress'
const KOFFI_PARTS = [
  'package.json',
  'index.js',
  'index.cjs',
  ...['index.js', 'index.cjs', 'src/static.js', 'src/static.cjs'].map((file) => `src/koffi/${file}`),
]
const VYOS_FOLDERS: Record<string, string> = {
  'templates-cfg': 'opt/vyatta/share/vyatta-cfg/templates',
  'templates-op': 'opt/vyatta/share/vyatta-op/templates',
  'interface-definitions': `${PROGRAM}/vyos/interface-definitions`,
  migrate: 'opt/vyatta/etc/config-migrate/migrate/clawgress',
  'op-mode-definitions': `${PROGRAM}/vyos/op-mode-definitions`,
}

/** What a package is built from besides the checkout. */
export interface Release {
  readonly version: string
  readonly architecture: Architecture
  /** Seconds since 1970: every date in the package. */
  readonly epoch: number
}

/** Lays out every file of the package below `root`, an empty folder. */
export async function stage(root: string, release: Release): Promise<void> {
  const components = await stageProgram(root, release.architecture)
  stageVyos(root)
  await stageManual(root)
  stageSystemFiles(root)
  stageDocumentation(root, release, components)
}

/** The bundle, the definitions it reads, Node, and what cannot be bundled: koffi's native module, SQLite's wasm. */
async function stageProgram(root: string, architecture: Architecture): Promise<Component[]> {
  const program = join(root, PROGRAM)
  const { node, koffi: native, koffiFolder } = machineParts(architecture)
  await execa('node', ['build/bundle.mjs', program])
  const inputs = JSON.parse(readFileSync(join(program, 'inputs.json'), 'utf8')) as string[]
  await execa('rm', ['-f', join(program, 'inputs.json'), join(program, 'clawgress')])
  // Node is named by the launcher.
  const entry = join(program, 'clawgress.mjs')
  write(root, `${PROGRAM}/clawgress.mjs`, readFileSync(entry, 'utf8').replace(/^#!.*\n/, ''))
  chmodSync(entry, 0o644)
  copyParts('.', program, ['interface-definitions', 'op-mode', 'templates', 'examples'])

  const nodeFolder = await unpackedPackage(node)
  copyParts(nodeFolder, join(program, 'node'), ['bin/node'])
  chmodSync(join(program, 'node/bin/node'), 0o755)
  const koffiSource = await unpackedPackage(lockedPackage('koffi'))
  copyParts(koffiSource, join(program, 'node_modules/koffi'), KOFFI_PARTS)
  const nativeSource = await unpackedPackage(native)
  copyParts(nativeSource, join(program, 'node_modules', native.name), ['package.json', 'index.js', koffiFolder])
  const sqliteSource = await unpackedPackage(lockedPackage('node-sqlite3-wasm'))
  copyParts(sqliteSource, join(program, 'node_modules/node-sqlite3-wasm'), ['package.json', 'dist'])
  write(root, 'usr/bin/clawgress', readFileSync('vyos-build/debian/launcher', 'utf8'), 0o755)

  const koffi = componentAt(koffiSource)
  return [
    { ...componentAt(nodeFolder), name: 'Node.js', licence: 'MIT and others' },
    koffi,
    { ...componentAt(nativeSource), text: koffi.text },
    componentAt(sqliteSource),
    ...bundledPackages(inputs).map((name) => componentAt(join('node_modules', name))),
  ]
}

/** What VyOS finds Clawgress by; without VyOS nothing reads it. */
function stageVyos(root: string): void {
  for (const [path, text] of vyosTree()) {
    const [kind, ...below] = path.split('/')
    write(root, [VYOS_FOLDERS[kind!], ...below].join('/'), text, kind === 'migrate' ? 0o755 : 0o644)
  }
  const adapter = 'service_clawgress.py'
  write(root, `usr/libexec/vyos/conf_mode/${adapter}`, readFileSync(`src/conf_mode/${adapter}`, 'utf8'), 0o755)
}

/** Printed by the program itself, so that manual and completion say what its help says. */
async function stageManual(root: string): Promise<void> {
  const say = async (command: string) => (await execa('node', [join(root, PROGRAM, 'clawgress.mjs'), command])).stdout
  write(root, 'usr/share/man/man1/clawgress.1.gz', gzipSync(`${await say('man-page')}\n`, { level: 9 }))
  write(root, 'usr/share/bash-completion/completions/clawgress', `${await say('completion')}\n`)
}

function stageSystemFiles(root: string): void {
  for (const unit of readdirSync('vyos-build/systemd'))
    write(root, `lib/systemd/system/${unit}`, readFileSync(join('vyos-build/systemd', unit), 'utf8'))
  const debian = (name: string) => readFileSync(join('vyos-build/debian', name), 'utf8')
  write(root, 'usr/lib/systemd/system-preset/50-clawgress.preset', debian('preset'))
  write(root, 'etc/sudoers.d/clawgress', debian('sudoers'), 0o440)
  write(root, 'usr/share/lintian/overrides/clawgress', debian('lintian-overrides'))
}

function stageDocumentation(root: string, { version, epoch }: Release, components: readonly Component[]): void {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000')
  const change = `clawgress (${version}) stable; urgency=medium\n\n  * Release ${version}.\n\n -- ${MAINTAINER}  ${date}\n`
  write(root, `${DOCUMENTATION}/changelog.gz`, gzipSync(change, { level: 9 }))
  write(root, `${DOCUMENTATION}/copyright`, printCopyright(components))
  write(root, `${DOCUMENTATION}/third-party-notices.gz`, gzipSync(printNotices(components), { level: 9 }))
  write(root, `${DOCUMENTATION}/README.md`, readFileSync('README.md', 'utf8'))
  copyParts('.', join(root, DOCUMENTATION), ['docs'])
}

export const MAINTAINER = 'Clawgress maintainers <maintainers@clawgress.invalid>'

function write(root: string, path: string, content: string | Buffer, mode = 0o644): void {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
}
