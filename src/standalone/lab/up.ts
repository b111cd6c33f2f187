import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { fail } from '../../base/errors.ts'
import { makeCertificates } from './internet/certificates.ts'
import { startNameServers } from './internet/name-servers.ts'
import { createNamespace, destroyNamespace, inNamespace } from './namespace.ts'
import { carriesTraffic, wire } from './network.ts'
import { clawgressProgram, launch } from './process.ts'
import { AGENTS, LABS_FOLDER, type LabPaths, labPaths, NODES, type NodeName, namespaceOf } from './topology.ts'
import { until } from './until.ts'

/** Where ip-netns(8) looks for files of a namespace. */
const RESOLVERS_FOLDER = '/etc/netns'
const PROGRAMS = ['ip', 'nft', 'named', 'dig', 'dnssec-signzone', 'openssl', 'curl', 'sysctl', 'ping']

/**
 * Builds a lab: four namespaces with cables between them, and an internet in which everything resolves and answers.
 * Whatever an earlier lab of the name left behind, killed or not, is removed first.
 * @throws ClawgressError `system.privilege` without root, `system.missing-program` where a program is not installed
 */
export async function labUp(name: string): Promise<LabPaths> {
  const paths = labPaths(name)
  await checkMachine()
  await labDown(name)
  try {
    await prepareFolders(paths)
    await Promise.all(NODES.map((node) => createNamespace(namespaceOf(name, node))))
    await wire(name)
    await Promise.all([
      startInternet(paths),
      until('the cables of the lab carry traffic', 10_000, () => carriesTraffic(name)),
    ])
  } catch (error) {
    await labDown(name)
    throw error
  }
  return paths
}

/** Removes everything of a lab. Does nothing where there is none. */
export async function labDown(name: string): Promise<void> {
  const paths = labPaths(name)
  await Promise.all(NODES.map((node) => destroyNamespace(namespaceOf(name, node))))
  await execa('umount', ['--lazy', paths.folder], { reject: false })
  const leftovers = [paths.folder, paths.gatewayNamed, paths.internetNamed]
  const resolvers = NODES.map((node) => join(RESOLVERS_FOLDER, namespaceOf(name, node)))
  await Promise.all([...leftovers, ...resolvers].map((path) => rm(path, { recursive: true, force: true })))
  // Shared with other labs: these go with the last one.
  await Promise.all([LABS_FOLDER, RESOLVERS_FOLDER].map((folder) => rmdir(folder).catch(() => undefined)))
}

/** Names of the labs that are up, or were killed half-way. */
export function listLabs(): string[] {
  return existsSync(LABS_FOLDER) ? readdirSync(LABS_FOLDER).sort() : []
}

async function checkMachine(): Promise<void> {
  if (process.getuid?.() !== 0)
    fail('system.privilege', 'A lab is made of network namespaces, which only root may create.')
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  const missing = PROGRAMS.filter((program) => !folders.some((folder) => existsSync(join(folder, program))))
  if (missing.length > 0) fail('system.missing-program', `The lab needs ${missing.join(', ')}: run make setup.`)
}

async function prepareFolders(paths: LabPaths): Promise<void> {
  await mkdir(paths.folder, { recursive: true })
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=1g,mode=755', 'clawgress-lab', paths.folder])
  await Promise.all(
    [join(paths.gatewayRoot, 'config'), join(paths.folder, 'internet'), paths.bin].map((folder) =>
      mkdir(folder, { recursive: true }),
    ),
  )
  const [node, bundle] = clawgressProgram()
  await writeFile(join(paths.bin, 'clawgress'), `#!/bin/sh\nexec '${node}' '${bundle}' "$@"\n`, { mode: 0o755 })
  await Promise.all(NODES.map((name) => writeResolver(paths.name, name)))
}

/** `ip netns exec` shows a namespace this file as /etc/resolv.conf. Only agents have a resolver: the gateway's. */
async function writeResolver(lab: string, node: NodeName): Promise<void> {
  const agent = Object.values(AGENTS).find((candidate) => candidate.node === node)
  const servers = agent === undefined ? [] : [agent.gateway4, agent.gateway6]
  const folder = join(RESOLVERS_FOLDER, namespaceOf(lab, node))
  await mkdir(folder, { recursive: true })
  const lines = [...servers.map((server) => `nameserver ${server}`), 'options timeout:2 attempts:2', '']
  await writeFile(join(folder, 'resolv.conf'), lines.join('\n'))
}

async function startInternet(paths: LabPaths): Promise<void> {
  const namespace = namespaceOf(paths.name, 'inet')
  const certificates = await makeCertificates(paths.certificates)
  const [node, bundle] = clawgressProgram()
  const argv = [node, bundle, 'lab-internet', paths.internetEvents, paths.certificates]
  const [tree] = await Promise.all([
    startNameServers(namespace, paths.internetNamed, certificates),
    launch(inNamespace(namespace, argv), join(paths.folder, 'internet', 'servers.out')),
  ])
  const config = join(paths.gatewayRoot, 'config')
  await Promise.all([
    writeFile(join(config, 'root.hints'), tree.rootHints),
    writeFile(join(config, 'trust-anchors.conf'), tree.trustAnchors),
    writeFile(join(config, 'lab-ca.pem'), await readFile(certificates.authority)),
    until('the servers of the lab are ready', 15_000, () => isReady(paths)),
  ])
}

async function isReady(paths: LabPaths): Promise<boolean> {
  const text = await readFile(paths.internetEvents, 'utf8').catch(() => '')
  return text.includes('"event":"ready"')
}
