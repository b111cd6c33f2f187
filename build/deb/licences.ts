import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Something of others that is in the package. */
export interface Component {
  readonly name: string
  readonly version: string
  /** SPDX expression, as the component's own package.json has it. */
  readonly licence: string
  /** The licence as the component ships it. */
  readonly text: string
}

/** The packages of `node_modules` whose files a bundle is made of (paths as esbuild's metafile has them). */
export function bundledPackages(inputs: readonly string[]): string[] {
  const names = inputs.flatMap(
    (path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1] ?? [],
  )
  return [...new Set(names)].sort()
}

/** Reads a package folder. Throws where it tells no licence. */
export function componentAt(folder: string): Component {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each))
  if (license === undefined) throw new Error(`${folder}/package.json names no licence.`)
  return {
    name: name!,
    version: version!,
    licence: license,
    text: file === undefined ? '' : readFileSync(join(folder, file), 'utf8'),
  }
}

/** Every component with its licence in full. */
export function printNotices(components: readonly Component[]): string {
  const rule = '-'.repeat(72)
  const parts = components.map(
    ({ name, version, licence, text }) =>
      `${rule}\n${name} ${version} (${licence})\n${rule}\n\n${text === '' ? `Published under the licence ${licence}.` : text.trim()}\n`,
  )
  return `Clawgress contains the following works of others.\n\n${parts.join('\n')}`
}

/** debian/copyright in the machine-readable form 1.0. */
export function printCopyright(components: readonly Component[]): string {
  const others = components.map(({ name, version, licence }) => ` ${name} ${version} (${licence})`)
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: clawgress
Comment: The package contains works of others, bundled into its program or beside it.
 Their licences in full are in third-party-notices.gz:
 .
${others.join('\n')}

Files: *
Copyright: 2026 the Clawgress maintainers
License: Apache-2.0
 On Debian systems the full text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
`
}
