import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Lab } from '../../../src/standalone/lab/lab.ts'
import { inNamespace } from '../../../src/standalone/lab/namespace.ts'

const LISTEN = `
const [name, address] = process.argv.slice(1)
require('node:fs').writeFileSync('/proc/self/comm', name)
const udp = require('node:dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4')
udp.bind(53, address, () => require('node:net').createServer().listen(53, address, () => console.log('ready')))
`

/** Another DNS server on the gateway, under the given name, on UDP and TCP port 53 of an address. */
export async function otherDnsServer(lab: Lab, name: string, address: string): Promise<AsyncDisposable> {
  const [program, args] = inNamespace(lab.gateway.namespace, [process.execPath, '-e', LISTEN, name, address])
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  return { [Symbol.asyncDispose]: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
