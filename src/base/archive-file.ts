import { gunzipSync, gzipSync } from 'node:zlib'
import { replaceWhole } from './atomic-file.ts'
import { fail } from './errors.ts'
import { readRegularFile } from './regular-file.ts'
import { type Member, packTar, unpackTar } from './tar.ts'

/** Larger archives are neither written nor read, octets before compression. */
export const MAX_ARCHIVE_BYTES = 512 << 20
const MAX_MEMBERS = 2000

/** Writes a tar.gz that only its owner can read, whole or not at all. Throws ClawgressError `archive.file`. */
export function writeArchive(file: string, members: readonly Member[], time: Date): void {
  const packed = gzipSync(packTar(members, time))
  try {
    replaceWhole(file, packed, 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    fail('archive.file', `The archive cannot be written (${code}); name a file in a folder that exists and has room.`, {
      file,
    })
  }
}

/** Throws ClawgressError `archive.file` or `archive.invalid`. */
export function readArchive(file: string, maxBytes = MAX_ARCHIVE_BYTES): Member[] {
  const packed = readRegularFile(file, maxBytes)
  if ('fault' in packed) return fail('archive.file', `The archive ${packed.fault}.`, { file })
  let unpacked: Buffer
  try {
    unpacked = gunzipSync(packed.bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ERR_BUFFER_TOO_LARGE' ? `It unpacks to more than ${maxBytes} bytes.` : 'It is damaged.'
    return fail('archive.invalid', `This archive cannot be used. ${why}`, { file })
  }
  return unpackTar(unpacked, MAX_MEMBERS)
}
