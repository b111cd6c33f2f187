import type { Socket } from 'node:net'

/**
 * Calls `onLine` with each line of at most `maxLength` characters that comes over a connection; one that sends a longer
 * line is cut.
 */
export function onLines(connection: Socket, maxLength: number, onLine: (line: string) => void): void {
  let partial = ''
  connection.setEncoding('utf8')
  connection.on('data', (chunk: string) => {
    const lines = (partial + chunk).split('\n')
    partial = lines.pop() ?? ''
    if (partial.length > maxLength || lines.some((line) => line.length > maxLength)) {
      connection.destroy()
      return
    }
    for (const line of lines) onLine(line)
  })
}
