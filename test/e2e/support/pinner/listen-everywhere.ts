import { createServer } from 'node:net'

/** Runs inside the internet's namespace: accepts every connection and keeps it open. */
for (const port of [443, 8443]) {
  createServer((socket) => socket.on('error', () => socket.destroy()).resume()).listen(port, '::')
}
process.send!('ready')
process.on('disconnect', () => process.exit(0))
