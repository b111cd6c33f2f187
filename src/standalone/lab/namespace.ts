import { existsSync } from 'node:fs'
import { execa, type Options, type Result } from 'execa'
import { fail } from '../../base/errors.ts'

/**
 * The only way in which the lab runs a program that touches addresses, routes, rules or the network: the command line
 * that enters the namespace first. A name that is not one of a lab's is refused, so the machine itself is out of reach.
 */
export function inNamespace(namespace: string, argv: readonly string[]): [string, string[]] {
  if (!/^cg-[a-z0-9-]{1,40}$/.test(namespace)) throw new Error(`not a namespace of a lab: ${namespace}`)
  return ['ip', ['netns', 'exec', namespace, ...argv]]
}

export type Completed = Result<{ encoding: 'utf8' }>

/** Runs a program inside the namespace to its end. Output as text; a non-zero exit rejects unless `reject` is false. */
export async function runIn(namespace: string, argv: readonly string[], options: Options = {}): Promise<Completed> {
  const [program, args] = inNamespace(namespace, argv)
  return (await execa(program, args, { ...options, encoding: 'utf8' })) as Completed
}

/** Runs a batch of `ip` commands inside the namespace in one process (ip(8), `-batch`). */
export async function ipBatch(namespace: string, commands: readonly string[]): Promise<void> {
  await runIn(namespace, ['ip', '-batch', '-'], { input: `${commands.join('\n')}\n` })
}

export const namespaceExists = (namespace: string): boolean => existsSync(`/run/netns/${namespace}`)

/** Creates an empty namespace with loopback up, and without duplicate address detection, which would cost a second. */
export async function createNamespace(namespace: string): Promise<void> {
  if (!/^cg-[a-z0-9-]{1,40}$/.test(namespace)) fail('config.value', `"${namespace}" is no name for a lab's namespace.`)
  await execa('ip', ['netns', 'add', namespace])
  await sysctl(namespace, {
    'net.ipv6.conf.default.accept_dad': '0',
    'net.ipv6.conf.default.dad_transmits': '0',
  })
  await ipBatch(namespace, ['link set lo up'])
}

export async function sysctl(namespace: string, values: Readonly<Record<string, string>>): Promise<void> {
  const assignments = Object.entries(values).map(([key, value]) => `${key}=${value}`)
  await runIn(namespace, ['sysctl', '-q', '-w', ...assignments])
}

/** Ends every process inside the namespace and removes it. Does nothing where there is none. */
export async function destroyNamespace(namespace: string): Promise<void> {
  if (!namespaceExists(namespace)) return
  await endProcesses(namespace)
  await execa('ip', ['netns', 'del', namespace], { reject: false })
}

/** Asks politely, then kills: supervisors would restart their children if only those were ended. */
async function endProcesses(namespace: string): Promise<void> {
  const deadline = Date.now() + 5000
  for (let round = 0; Date.now() < deadline; round++) {
    const { stdout } = await execa('ip', ['netns', 'pids', namespace], { reject: false })
    const pids = stdout
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 1 && pid !== process.pid)
    if (pids.length === 0) return
    for (const pid of pids) signal(pid, round < 10 ? 'SIGTERM' : 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
