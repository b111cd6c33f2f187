import { fail } from './errors.ts'

/** A regular file of an archive. */
export interface Member {
  /** Relative, with `/`, of plain characters: see `isMemberPath`. */
  readonly path: string
  readonly content: Buffer
}

const BLOCK = 512
const USTAR = 'ustar\x0000'
/** Longer ones would need a second header field. */
const MAX_PATH = 100

/** Can the path be a member's? Never absolute, never with `.` or `..`, and nothing that a shell or a terminal minds. */
export const isMemberPath = (path: string): boolean =>
  path.length <= MAX_PATH && /^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/.test(path)

/** A POSIX ustar archive (pax(1)) of regular files that only their owner may read. `time` is their date. */
export function packTar(members: readonly Member[], time: Date): Buffer {
  const parts = members.flatMap(({ path, content }) => [header(path, content.length, time), content, padding(content)])
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)])
}

const padding = ({ length }: Buffer): Buffer => Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK)

function header(path: string, size: number, time: Date): Buffer {
  if (!isMemberPath(path)) fail('internal.bug', `"${path}" cannot be the name of a file in an archive.`)
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, offset: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1')
  block.write(path, 0, 'latin1')
  octal(0o600, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(Math.floor(time.getTime() / 1000), 136, 12)
  block.write('0', 156, 'latin1')
  block.write(USTAR, 257, 'latin1')
  octal(checksum(block), 148, 7)
  block.write(' ', 155, 'latin1')
  return block
}

/** The sum of all octets, those of the sum itself taken as blanks. */
function checksum(block: Buffer): number {
  let sum = 0
  for (const [index, byte] of block.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte
  return sum
}

/**
 * Members of an archive as `packTar` writes it; refuses everything else that tar knows: links, devices, folders, paths
 * that lead elsewhere, a path twice, and what is cut off or damaged. Throws ClawgressError `archive.invalid`.
 */
export function unpackTar(archive: Buffer, maxMembers: number): Member[] {
  const members = new Map<string, Member>()
  let at = 0
  for (;;) {
    const block = archive.subarray(at, at + BLOCK)
    if (block.length < BLOCK) return invalid('It is cut off.')
    if (block.every((byte) => byte === 0)) return [...members.values()]
    const { path, size } = readHeader(block)
    if (members.has(path)) invalid(`It holds ${path} twice.`)
    if (members.size >= maxMembers) invalid(`It holds more than ${maxMembers} files.`)
    const content = archive.subarray(at + BLOCK, at + BLOCK + size)
    if (content.length < size) invalid('It is cut off.')
    members.set(path, { path, content })
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
}

/** Path of the first member of what an archive begins with; undefined where it begins with none. */
export function firstMember(beginning: Buffer): string | undefined {
  const block = beginning.subarray(0, BLOCK)
  return block.length < BLOCK || block.every((byte) => byte === 0) ? undefined : readHeader(block).path
}

function readHeader(block: Buffer): { path: string; size: number } {
  const text = (offset: number, length: number) => block.toString('latin1', offset, offset + length).split('\0')[0]!
  const number = (offset: number, length: number) => {
    const digits = text(offset, length).trim()
    if (!/^[0-7]+$/.test(digits)) invalid('It is damaged.')
    return Number.parseInt(digits, 8)
  }
  if (number(148, 8) !== checksum(block)) invalid('It is damaged, or not an archive.')
  const path = text(0, MAX_PATH)
  if (text(345, 155) !== '' || !isMemberPath(path)) invalid(`It holds a file under the name ${JSON.stringify(path)}.`)
  const type = block.toString('latin1', 156, 157)
  if (type !== '0' && type !== '\0') invalid(`${path} in it is not a regular file.`)
  return { path, size: number(124, 12) }
}

function invalid(what: string): never {
  fail('archive.invalid', `This archive cannot be used. ${what}`)
}
