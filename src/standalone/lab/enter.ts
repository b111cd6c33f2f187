import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { fail } from '../../base/errors.ts'
import { inNamespace, namespaceExists } from './namespace.ts'
import { clawgressProgram } from './process.ts'
import { type LabPaths, labPaths, type NodeName, namespaceOf } from './topology.ts'

/** Environment of programs on the gateway: everything of theirs lies below the lab's folder. */
export function gatewayEnvironment(paths: LabPaths): Record<string, string> {
  return {
    ...labEnvironment(paths),
    CLAWGRESS_ROOT: paths.gatewayRoot,
    CLAWGRESS_NAMED_DIR: paths.gatewayNamed,
  }
}

/** Environment of programs on agents and in the internet. */
export function labEnvironment(paths: LabPaths): Record<string, string> {
  return {
    PATH: `${paths.bin}${delimiter}${process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`,
    CURL_CA_BUNDLE: `${paths.certificates}/ca.pem`,
    SSL_CERT_FILE: `${paths.certificates}/ca.pem`,
  }
}

const PLACES = {
  shell: { node: 'gw', host: 'gateway' },
  gateway: { node: 'gw', host: 'gateway' },
  agent1: { node: 'agent1', host: 'agent1' },
  agent2: { node: 'agent2', host: 'agent2' },
  internet: { node: 'inet', host: 'internet' },
} as const satisfies Record<string, { node: NodeName; host: string }>

export type Place = keyof typeof PLACES

/** Command line of an interactive shell inside the lab; `shell` is the VyOS-like one. It has a host name of its own. */
export function insideCommand(paths: LabPaths, place: Place): string[] {
  const { node, host } = PLACES[place]
  const shell = place === 'shell' ? [...clawgressProgram(), 'shell'] : ['/bin/bash', '--norc']
  const named = ['unshare', '--uts', 'sh', '-c', 'hostname "$0" && exec "$@"', host, ...shell]
  const [program, args] = inNamespace(namespaceOf(paths.name, node), named)
  return [program, ...args]
}

/** Gives the terminal to a shell inside the lab until it ends. @returns its exit status */
export async function enter(name: string, where: string): Promise<number> {
  const paths = labPaths(name)
  if (!Object.hasOwn(PLACES, where)) {
    fail('config.value', `"${where}" is no place in a lab: enter ${Object.keys(PLACES).join(', ')}.`)
  }
  const place = where as Place
  const { node } = PLACES[place]
  if (!namespaceExists(namespaceOf(name, node))) {
    fail('config.value', `No lab named "${name}" is up: run clawgress lab up ${name}.`)
  }
  const environment = node === 'gw' ? gatewayEnvironment(paths) : labEnvironment(paths)
  const [program, ...args] = insideCommand(paths, place)
  const child = spawn(program!, args, {
    stdio: 'inherit',
    env: { ...process.env, ...environment, PS1: '\\u@\\h:\\w# ' },
  })
  return new Promise((ended, failed) => {
    child.once('error', failed)
    child.once('exit', (code, signal) => ended(signal === null ? (code ?? 1) : 1))
  })
}

/** How to get into a lab and how to remove it, as lines for the terminal. */
export function enterHints(name: string): string {
  const command = `${clawgressProgram()[1].replace(/\.mjs$/, '')} lab`
  const suffix = name === 'demo' ? '' : ` ${name}`
  return [
    `The lab "${name}" is up. As root:`,
    `  ${command} enter shell${suffix}       the VyOS-like shell of the gateway`,
    `  ${command} enter agent1${suffix}      an agent; try: curl -sS https://api.openai.com`,
    `  ${command} enter gateway${suffix}     a plain shell on the gateway; try: clawgress status`,
    `  ${command} down${suffix}              takes it down`,
    '',
  ].join('\n')
}
