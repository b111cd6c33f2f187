import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type DecisionRecord, decisionRecord } from './record.ts'

const CHUNK = 1 << 18

/**
 * Decision records, newest first, over the log and its older files, until the caller stops or `maxBytes` were read.
 * Lines that are no records of this version are passed over.
 */
export function* newestDecisions(path: string, maxBytes: number): Iterable<DecisionRecord> {
  let left = maxBytes
  for (let number = 0; left > 0; number++) {
    let fd: number
    try {
      fd = openSync(number === 0 ? path : `${path}.${number}`, 'r')
    } catch {
      return
    }
    try {
      const { size } = fstatSync(fd)
      const from = Math.max(0, size - left)
      left -= size - from
      yield* recordsBackwards(fd, from, size)
    } finally {
      closeSync(fd)
    }
  }
}

function* recordsBackwards(fd: number, from: number, size: number): Iterable<DecisionRecord> {
  let tail = ''
  for (let end = size; end > from; ) {
    const start = Math.max(from, end - CHUNK)
    const chunk = Buffer.alloc(end - start)
    readSync(fd, chunk, 0, chunk.length, start)
    end = start
    const lines = (chunk.toString('latin1') + tail).split('\n')
    // The first line of the chunk may have begun before it.
    tail = end > from ? lines.shift()! : ''
    for (const line of lines.reverse()) {
      const record = parseRecord(line)
      if (record !== undefined) yield record
    }
  }
}

function parseRecord(line: string): DecisionRecord | undefined {
  if (line === '') return undefined
  try {
    return decisionRecord.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
