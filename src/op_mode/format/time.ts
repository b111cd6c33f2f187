/** A time of a record (RFC 3339, UTC) to the second, as commands print it. */
export const printTime = (time: string): string => time.replace('T', ' ').replace(/\.\d+Z$/, '')
