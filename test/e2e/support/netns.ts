import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import koffi from 'koffi'

const CLONE_NEWNET = 0x40000000
const libc = koffi.load('libc.so.6')
const setns = libc.func('int setns(int fd, int kind)')

/** Where a function may be run: a namespace of ours, or one of a lab. */
export type Inside = Pick<Namespace, 'inside'>

/**
 * Runs a synchronous function with this thread inside a namespace. Sockets opened and programs spawned in it stay there;
 * the thread comes back, also when the function throws.
 */
export function insideNamespace<Result>(name: string, work: () => Result): Result {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  const there = openSync(`/run/netns/${name}`, 'r')
  try {
    if (setns(there, CLONE_NEWNET) !== 0) throw new Error(`cannot enter the namespace ${name}`)
    return work()
  } finally {
    const back = setns(home, CLONE_NEWNET)
    closeSync(home)
    closeSync(there)
    if (back !== 0) process.exit(70)
  }
}

/** A network namespace of a test's own, gone with `dispose` (or `using`) and when the test process ends. */
export class Namespace {
  readonly name: string

  constructor(role: string) {
    this.name = `cg-test-${randomBytes(3).toString('hex')}-${role}`
    execFileSync('ip', ['netns', 'add', this.name])
    process.once('exit', this.#remove)
    this.ip('link set lo up')
    this.sysctl('net.ipv6.conf.default.accept_dad', 0)
    this.sysctl('net.ipv6.conf.default.dad_transmits', 0)
    this.sysctl('net.ipv6.conf.default.router_solicitation_delay', 0)
  }

  /** One `ip` command line inside the namespace, words separated by blanks. */
  ip(line: string): void {
    execFileSync('ip', ['-n', this.name, ...line.split(' ')], { stdio: ['ignore', 'ignore', 'pipe'] })
  }

  /** Runs a program inside the namespace to its end; returns its output, throws where it fails. */
  run(program: string, ...words: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.name, program, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 << 20,
    })
  }

  sysctl(key: string, value: string | number): void {
    this.inside(() => writeFileSync(`/proc/sys/${key.replaceAll('.', '/')}`, String(value)))
  }

  /** Runs a synchronous function inside; see `insideNamespace`. */
  inside<Result>(work: () => Result): Result {
    return insideNamespace(this.name, work)
  }

  dispose(): void {
    process.removeListener('exit', this.#remove)
    this.#remove()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  readonly #remove = (): void => {
    execFileSync('ip', ['netns', 'delete', this.name], { stdio: 'ignore' })
  }
}

/** A veth pair between two namespaces, both ends up, with addresses (`address/length`, either family). */
export function link(
  a: { namespace: Namespace; device: string; addresses: readonly string[] },
  b: { namespace: Namespace; device: string; addresses: readonly string[] },
): void {
  a.namespace.ip(`link add ${a.device} type veth peer name ${b.device} netns ${b.namespace.name}`)
  // Addresses of a link that is not up yet would take a second to become usable.
  for (const end of [a, b]) end.namespace.ip(`link set ${end.device} up`)
  for (const end of [a, b]) {
    for (const address of end.addresses) {
      end.namespace.ip(`address add ${address} dev ${end.device}${address.includes(':') ? ' nodad' : ''}`)
    }
  }
}

/**
 * Two clients, a gateway and an internet:
 *
 *     client1 a0 10.77.1.2 fd77:1::2 ── c1 10.77.1.1 fd77:1::1 ┐
 *                                                                gateway u0 81.2.69.2 2a81:2:69::2 ── i0 .1 ::1 internet
 *     client2 a0 10.77.2.2 fd77:2::2 ── c2 10.77.2.1 fd77:2::1 ┘
 *
 * The internet answers for every address of 45.45.0.0/16 and 2a45::/16.
 */
export class Topology {
  readonly client1 = new Namespace('client1')
  readonly client2 = new Namespace('client2')
  readonly gateway = new Namespace('gateway')
  readonly internet = new Namespace('internet')

  constructor() {
    try {
      this.#connect()
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  #connect(): void {
    for (const [index, client] of [this.client1, this.client2].entries()) {
      const net = index + 1
      link(
        { namespace: client, device: 'a0', addresses: [`10.77.${net}.2/24`, `fd77:${net}::2/64`] },
        { namespace: this.gateway, device: `c${net}`, addresses: [`10.77.${net}.1/24`, `fd77:${net}::1/64`] },
      )
      client.ip(`route add default via 10.77.${net}.1`)
      client.ip(`-6 route add default via fd77:${net}::1`)
    }
    link(
      { namespace: this.gateway, device: 'u0', addresses: ['81.2.69.2/24', '2a81:2:69::2/64'] },
      { namespace: this.internet, device: 'i0', addresses: ['81.2.69.1/24', '2a81:2:69::1/64'] },
    )
    this.gateway.ip('route add default via 81.2.69.1')
    this.gateway.ip('-6 route add default via 2a81:2:69::1')
    this.gateway.sysctl('net.ipv4.ip_forward', 1)
    this.gateway.sysctl('net.ipv6.conf.all.forwarding', 1)
    this.internet.ip('route add 10.77.0.0/16 via 81.2.69.2')
    this.internet.ip('-6 route add fd77::/16 via 2a81:2:69::2')
    this.internet.sysctl('net.ipv6.ip_nonlocal_bind', 1)
    this.internet.ip('route add local 45.45.0.0/16 dev lo')
    this.internet.ip('-6 route add local 2a45::/16 dev lo')
  }

  dispose(): void {
    for (const namespace of [this.client1, this.client2, this.gateway, this.internet]) namespace?.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
