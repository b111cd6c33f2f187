import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { fail } from '../base/errors.ts'
import { KINDS, NameTable } from '../policy/index.ts'

/*
 * File of one name table: a header of 64 octets, then the arrays as they lie in memory (little endian), the blob last.
 * Header: magic (8), format version, entries, slots, octets of blob, CRC-32 of everything after the header, counts of
 * the kinds (6), depths of wildcards, CRC-32 of the header before it. All 32-bit.
 */
const MAGIC = Buffer.from('CLAWNAM1', 'latin1')
const FORMAT = 1
const HEADER = 64
const COUNTS_AT = 28

/** zlib forgets the sum so far where it is given no octets at no address. */
const addCrc = (crc: number, part: Buffer): number => (part.length === 0 ? crc : crc32(part, crc))

const octets = (array: Uint32Array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength)

/** Writes the table to a new file. Throws the system's error (ENOSPC and others) as it is. */
export function writeNames(table: NameTable, file: string): void {
  const parts = [
    octets(table.starts),
    octets(table.attributes),
    octets(table.positions),
    octets(table.slots),
    table.blob,
  ]
  const header = Buffer.alloc(HEADER)
  MAGIC.copy(header)
  const fields = [FORMAT, table.size, table.slots.length, table.blob.length, parts.reduce(addCrc, 0)]
  ;[...fields, ...table.counts, table.wildcardDepths >>> 0].forEach((value, i) => {
    header.writeUInt32LE(value, 8 + i * 4)
  })
  header.writeUInt32LE(crc32(header.subarray(0, HEADER - 4)), HEADER - 4)
  const handle = openSync(file, 'wx', 0o644)
  try {
    for (const part of [header, ...parts]) {
      for (let written = 0; written < part.length; ) written += writeSync(handle, part, written, part.length - written)
    }
  } finally {
    closeSync(handle)
  }
}

/**
 * Reads a table in one go; its arrays are views into the one buffer. Throws ClawgressError `policy.file` where the
 * file is not one, is cut off, or is not what was written.
 */
export function readNames(file: string): NameTable {
  const bytes = readWhole(file)
  const broken = (why: string): never =>
    fail('policy.file', `The compiled names cannot be used: ${why}. Commit again to write them anew.`, { file })
  if (bytes.length < HEADER || !bytes.subarray(0, 8).equals(MAGIC)) broken('this is not a file of names')
  if (bytes.readUInt32LE(8) !== FORMAT) broken('they were written by another version')
  if (crc32(bytes.subarray(0, HEADER - 4)) !== bytes.readUInt32LE(HEADER - 4)) broken('the header is damaged')
  const [entries, slots, blob, crc] = [12, 16, 20, 24].map((at) => bytes.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ]
  const length = HEADER + 4 * (entries + 1 + 2 * entries + slots) + blob
  if (bytes.length !== length) broken(`the file has ${bytes.length} octets instead of ${length}`)
  if (addCrc(0, bytes.subarray(HEADER)) !== crc) broken('the content is damaged')
  let at = HEADER
  const take = (count: number) => {
    const array = new Uint32Array(bytes.buffer, bytes.byteOffset + at, count)
    at += count * 4
    return array
  }
  const arrays = { starts: take(entries + 1), attributes: take(entries), positions: take(entries), slots: take(slots) }
  const counts = Array.from({ length: KINDS }, (_, kind) => bytes.readUInt32LE(COUNTS_AT + kind * 4))
  const wildcardDepths = bytes.readInt32LE(COUNTS_AT + KINDS * 4)
  return new NameTable({ ...arrays, blob: bytes.subarray(at) }, { counts, wildcardDepths })
}

/** Into one buffer of its own, aligned for 32-bit views. */
function readWhole(file: string): Buffer {
  const handle = openSync(file, 'r')
  try {
    const { size } = fstatSync(handle)
    const bytes = Buffer.from(new ArrayBuffer(size))
    let length = 0
    for (let got = -1; length < size && got !== 0; length += got)
      got = readSync(handle, bytes, length, size - length, null)
    return bytes.subarray(0, length)
  } finally {
    closeSync(handle)
  }
}
