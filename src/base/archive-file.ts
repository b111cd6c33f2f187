import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { replaceWhole } from './atomic-file.ts'
import { ClawgressError, fail } from './errors.ts'
import { readRegularFile } from './regular-file.ts'
import { firstMember, type Member, packTar, unpackTar } from './tar.ts'

/** Larger archives are neither written nor read, octets before compression. */
const MAX_ARCHIVE_BYTES = 512 << 20
/** As many after compression: policies shrink to a tenth. */
export const MAX_PACKED_BYTES = 128 << 20
/** So much of a compressed archive unpacks to 1 MiB at most, and holds its first header. */
const BEGINNING_BYTES = 1024
const MAX_MEMBERS = 2000

export interface ArchiveBounds {
  /** Before compression, octets. */
  readonly maxBytes?: number
  readonly first?: string
}

/** Writes a tar.gz that only its owner can read, whole or not at all. Throws ClawgressError `archive.file`. */
export function writeArchive(file: string, members: readonly Member[], time: Date): void {
  const size = members.reduce((sum, { content }) => sum + content.length, 0)
  const packed = size > MAX_ARCHIVE_BYTES ? undefined : gzipSync(packTar(members, time))
  if (packed === undefined || packed.length > MAX_PACKED_BYTES)
    fail('archive.file', 'The archive would be too large to be read again; make the policy smaller.', { file })
  try {
    replaceWhole(file, packed, 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    fail('archive.file', `The archive cannot be written (${code}); name a file in a folder that exists and has room.`, {
      file,
    })
  }
}

/**
 * Members of an archive, `first` the first of them, where that is said: another archive is refused before it is unpacked.
 * Throws ClawgressError `archive.file` or `archive.invalid`.
 */
export function readArchive(file: string, { maxBytes = MAX_ARCHIVE_BYTES, first }: ArchiveBounds = {}): Member[] {
  const packed = readRegularFile(file, Math.min(maxBytes, MAX_PACKED_BYTES))
  if ('fault' in packed) return fail('archive.file', `The archive ${packed.fault}.`, { file })
  let unpacked: Buffer
  try {
    const beginning = packed.bytes.subarray(0, BEGINNING_BYTES)
    if (first !== undefined && firstMember(gunzipSync(beginning, { finishFlush: constants.Z_SYNC_FLUSH })) !== first)
      return fail(
        'archive.invalid',
        `This archive cannot be used. It does not begin with ${first}; was it made by this program?`,
        { file },
      )
    unpacked = gunzipSync(packed.bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    if (error instanceof ClawgressError) throw error
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ERR_BUFFER_TOO_LARGE' ? `It unpacks to more than ${maxBytes} bytes.` : 'It is damaged.'
    return fail('archive.invalid', `This archive cannot be used. ${why}`, { file })
  }
  return unpackTar(unpacked, MAX_MEMBERS)
}
