// Runs inside an agent's namespace: denied datagrams and questions over both families, a flow and a name of its own each.
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const [target4, target6, server4, server6, countText, pauseText] = process.argv.slice(2)
const senders = [createSocket('udp4'), createSocket('udp6')].map((socket) => socket.on('error', () => undefined))
const resolvers = [server4!, server6!].map((server) => {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 })
  resolver.setServers([server.includes(':') ? `[${server}]` : server])
  return resolver
})
for (let i = 0; i < Number(countText); i++) {
  const port = 2_000 + i
  senders[0]!.send('.', port, target4!, () => undefined)
  senders[1]!.send('.', port, target6!, () => undefined)
  for (const [family, resolver] of resolvers.entries())
    resolver.resolve4(`denied-${i}-v${family === 0 ? 4 : 6}.bench-latency.example`).catch(() => undefined)
  await sleep(Number(pauseText))
}
process.exit(0)
