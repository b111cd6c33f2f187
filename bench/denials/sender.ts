// Runs inside an agent's namespace: datagrams to an address that nothing opens, each of a flow of its own.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const [target, countText, rateText, ...sources] = process.argv.slice(2)
const count = Number(countText)
/** Packets a second; 0: as fast as it goes. */
const rate = Number(rateText)
/** Packets that are sent without a look at the clock. */
const STEP = 50

const sockets = await Promise.all(
  sources.map(async (source) => {
    const socket = createSocket({ type: 'udp4', sendBufferSize: 4 << 20 })
    socket.on('error', () => undefined)
    socket.bind(0, source)
    await once(socket, 'listening')
    return socket
  }),
)
const began = performance.now()
for (let sent = 0; sent < count; ) {
  const until = Math.min(count, sent + STEP)
  const done: Promise<unknown>[] = []
  for (; sent < until; sent++) {
    const socket = sockets[sent % sockets.length]!
    const port = 1024 + (Math.floor(sent / sockets.length) % 60_000)
    done.push(new Promise((resolve) => socket.send('.', port, target!, resolve)))
  }
  await Promise.all(done)
  const early = rate === 0 ? 0 : (sent / rate) * 1000 - (performance.now() - began)
  if (early > 1) await new Promise((resolve) => setTimeout(resolve, early))
}
process.stdout.write(JSON.stringify({ seconds: (performance.now() - began) / 1000 }))
process.exit(0)
