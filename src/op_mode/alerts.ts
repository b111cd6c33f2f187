import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

export interface Alert {
  readonly time: string
  readonly message: string
}

const TAIL = 64 << 10
const HOUR = 3_600_000
const MOST = 5

/** The guard's alerts of the last hour, newest last, the last few only. */
export function recentAlerts(path: string, now: number): Alert[] {
  return readTail(path)
    .split('\n')
    .flatMap((line) => parseAlert(line) ?? [])
    .filter(({ time }) => Date.parse(time) > now - HOUR)
    .slice(-MOST)
}

function readTail(path: string): string {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    // There were none yet.
    return ''
  }
  try {
    const { size } = fstatSync(fd)
    const data = Buffer.alloc(Math.min(size, TAIL))
    readSync(fd, data, 0, data.length, size - data.length)
    return data.toString('utf8')
  } finally {
    closeSync(fd)
  }
}

function parseAlert(line: string): Alert | undefined {
  try {
    const { time, message } = JSON.parse(line) as Record<string, unknown>
    return typeof time === 'string' && typeof message === 'string' ? { time, message } : undefined
  } catch {
    // The first line of the tail, or one that was cut off.
    return undefined
  }
}
