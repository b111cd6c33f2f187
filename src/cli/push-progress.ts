import type { ReadStream } from 'node:fs'
import type { WriteStream } from 'node:tty'
import { formatOctets } from '../op_mode/format/octets.ts'

/** Whoever waits for less has not begun to wonder, milliseconds. */
const EVERY_MS = 250

/**
 * Tells on a terminal, in a line that is written over, how much of the file has been sent, and then for how long the
 * gateway has been at it. What is no terminal hears nothing. Returns how to end, which leaves the line empty.
 * @param size of the file, octets
 * @param work what the gateway does with it: `proving`
 */
export function showPushProgress(
  file: ReadStream,
  size: number,
  work: string,
  terminal: WriteStream = process.stderr,
): () => void {
  if (!terminal.isTTY) return () => {}
  const draw = (text: string) => terminal.write(`\r${text}\x1b[K`)
  let sentAt: number | undefined
  const timer = setInterval(() => {
    const sent = formatOctets(file.bytesRead)
    if (!file.readableEnded) return draw(`sending, ${sent} of ${formatOctets(size)}`)
    sentAt ??= performance.now()
    return draw(`sent ${sent}; ${work}, ${Math.floor((performance.now() - sentAt) / 1_000)} s`)
  }, EVERY_MS)
  return () => {
    clearInterval(timer)
    draw('')
  }
}
