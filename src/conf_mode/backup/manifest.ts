import { createHash } from 'node:crypto'
import { z } from 'zod'
import { fail } from '../../base/errors.ts'
import type { Member } from '../../base/tar.ts'
import { VERSION } from '../../base/version.ts'

/** Rises when an older program could not read what a newer one writes. */
const FORMAT = 1
export const MANIFEST = 'manifest.json'

const manifestSchema = z.object({
  kind: z.literal('clawgress-backup'),
  format: z.int().min(1),
  version: z.string().max(64),
  /** ISO 8601, UTC. */
  created: z.iso.datetime(),
  members: z.record(z.string(), z.strictObject({ size: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
})

export type Manifest = z.infer<typeof manifestSchema>

/** The members with, before them, the manifest that says how many octets each has, and which. */
export function withManifest(members: readonly Member[], created: Date): Member[] {
  const manifest: Manifest = {
    kind: 'clawgress-backup',
    format: FORMAT,
    version: VERSION,
    created: created.toISOString(),
    members: Object.fromEntries(members.map(({ path, content }) => [path, fingerprint(content)])),
  }
  return [{ path: MANIFEST, content: Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`) }, ...members]
}

/** Members by path, every one of them as the manifest says. Throws ClawgressError `archive.invalid`. */
export function checkedMembers(members: readonly Member[]): { manifest: Manifest; contents: Map<string, Buffer> } {
  const contents = new Map(members.map(({ path, content }) => [path, content]))
  const manifest = readManifest(contents.get(MANIFEST))
  contents.delete(MANIFEST)
  for (const [path, content] of contents) {
    const listed = Object.hasOwn(manifest.members, path) ? manifest.members[path] : undefined
    if (listed === undefined) refuse(`The manifest does not name ${path}.`)
    const found = fingerprint(content)
    if (found.size !== listed.size || found.sha256 !== listed.sha256) refuse(`${path} is not what the manifest says.`)
  }
  for (const path of Object.keys(manifest.members)) if (!contents.has(path)) refuse(`${path} is missing.`)
  return { manifest, contents }
}

function readManifest(content: Buffer | undefined): Manifest {
  let value: unknown
  try {
    value = JSON.parse(content?.toString('utf8') ?? '')
  } catch {
    return refuse('It holds no manifest; is it one of clawgress backup?')
  }
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
  if (typeof format === 'number' && format > FORMAT)
    refuse(
      `It was made by a newer version of Clawgress (format ${format}; this one knows ${FORMAT}); install that one.`,
    )
  const parsed = manifestSchema.safeParse(value)
  return parsed.success ? parsed.data : refuse('Its manifest is not one; is it an archive of clawgress backup?')
}

const fingerprint = (content: Buffer) => ({
  size: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
})

function refuse(why: string): never {
  fail('archive.invalid', `This archive cannot be used. ${why}`)
}
