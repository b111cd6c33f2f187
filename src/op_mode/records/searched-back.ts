import { printTime } from '../format/time.ts'

/** Octets of logs that a command looks through: more than they are turned over at. */
export const MAX_READ = 1 << 30

/** The note below an answer that the bound on reading has ended, `time` in milliseconds since the epoch. */
export const searchedBackNote = (time: number): string =>
  `Searched back to ${printTime(new Date(time).toISOString())} UTC; older records are in the log, but were not looked through.\n`
