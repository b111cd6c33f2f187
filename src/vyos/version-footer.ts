import { fail } from '../base/errors.ts'

const FOOTER_START =
  /^(?:\/\/ Warning: Do not remove|\/\* Warning: Do not remove|\/\/ vyos-config-version:|\/\* === vyatta-config-version:)/m
const COMPONENTS = /(?:vyos|vyatta)-config-version:\s+"([\w@:-]*)"/

/** Splits a configuration file into its nodes and its version footer (VyOS 1.2 or later form), kept as it stands. */
export function splitFooter(text: string): { body: string; footer: string } {
  const start = FOOTER_START.exec(text)?.index
  return start === undefined ? { body: text, footer: '' } : { body: text.slice(0, start), footer: text.slice(start) }
}

/** Component versions named in a footer; empty where there is none, which VyOS takes as version 0 of everything. */
export function footerVersions(footer: string): Map<string, number> {
  const versions = new Map<string, number>()
  for (const entry of (COMPONENTS.exec(footer)?.[1] ?? '').split(':')) {
    const match = /^([\w-]+)@(\d+)$/.exec(entry)
    if (match !== null) versions.set(match[1]!, Number(match[2]))
  }
  return versions
}

/**
 * Refuses a file that a newer version wrote: it may hold nodes that this version does not know, and what is left without
 * them may allow more. A component that the footer does not name, or no footer at all, is version 0, as on VyOS.
 * @param known component versions of this installation
 * @throws ClawgressError config.version, or config.syntax where the footer cannot be read
 */
export function refuseNewerVersions(footer: string, known: ReadonlyMap<string, number>, file: string): void {
  if (footer === '') return
  if (!COMPONENTS.test(footer)) fail('config.syntax', 'The version footer of the file names no versions.', { file })
  for (const [component, version] of footerVersions(footer)) {
    const own = known.get(component)
    if (own === undefined || version <= own) continue
    fail(
      'config.version',
      `The file was written by a newer version (${component}@${version}; this one knows ${component}@${own}), so it may hold what this version does not understand. Nothing of it was loaded. Install that version, or load a file of this one.`,
      { file },
    )
  }
}

const releaseOf = (footer: string): string | undefined => /Release version:\s+(\S+)/.exec(footer)?.[1]

/**
 * Footer with the given component versions put over those it already names, in VyOS's present form.
 * Without it VyOS would run every migration on the file.
 */
export function updateFooter(footer: string, versions: ReadonlyMap<string, number>, release: string): string {
  const all = new Map([...footerVersions(footer), ...versions])
  const list = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, version]) => `${name}@${version}`)
  return [
    '// Warning: Do not remove the following line.',
    `// vyos-config-version: "${list.join(':')}"`,
    `// Release version: ${releaseOf(footer) ?? release}`,
    '',
  ].join('\n')
}
