import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { runtimePaths } from '../../../src/base/layout.ts'
import type { Checkpoint } from '../../../src/conf_mode/checkpoint.ts'
import { readHistory } from '../../../src/conf_mode/policy/history.ts'
import type { Lab } from '../../../src/standalone/lab/lab.ts'
import { type Completed, runIn } from '../../../src/standalone/lab/namespace.ts'
import { clawgressProgram } from '../../../src/standalone/lab/process.ts'
import type { ConfigDict } from '../../../src/vyos/index.ts'

/** `service clawgress` of a lab, as the session hands it over. */
export const LAB_CONFIG = {
  'policy-file': '/config/policy.json',
  client: { interface: ['eth1', 'eth2'] },
  dns: { 'root-hints': '/config/root.hints', 'trust-anchors': '/config/trust-anchors.conf' },
} as const satisfies Record<string, unknown>

export interface CommitOptions {
  /** Null: the node is deleted. Default: `LAB_CONFIG`. */
  readonly proposed?: object | null
  /** Ends the handler as kill -9 does. */
  readonly killAt?: Checkpoint
  /** Lets the step fail. */
  readonly failAt?: Checkpoint
  readonly dryRun?: boolean
  /** Certificates, as below `pki` in the configuration. */
  readonly pki?: ConfigDict
  /** Group of the handler's caller; VyOS's has that of the configuration. */
  readonly gid?: number
  /** Of the handler's caller. */
  readonly umask?: string
  /** What the handler's caller has in its environment beside the gateway's own. */
  readonly environment?: Readonly<Record<string, string>>
}

const faults = ({ killAt, failAt }: CommitOptions): Record<string, string> => ({
  ...(killAt === undefined ? {} : { CLAWGRESS_KILL_AT: killAt }),
  ...(failAt === undefined ? {} : { CLAWGRESS_FAIL_AT: failAt }),
})

/** Runs the handler as VyOS's adapter and the session do. Never rejects: the caller judges status and words. */
export function commit(lab: Lab, options: CommitOptions = {}): Promise<Completed> {
  const { proposed = LAB_CONFIG, dryRun = false, pki = null } = options
  const input = { proposed: proposed as ConfigDict | null, effective: null, pki, dry_run: dryRun }
  const group = options.gid === undefined ? [] : ['setpriv', `--regid=${options.gid}`, '--clear-groups', '--']
  const umask = options.umask === undefined ? [] : ['sh', '-c', `umask ${options.umask}; exec "$@"`, 'sh']
  const caller = [...umask, ...group]
  return lab.gateway.exec([...caller, ...clawgressProgram(), 'conf-mode', 'service_clawgress'], {
    input: JSON.stringify(input),
    environment: { ...options.environment, ...faults(options) },
    mayFail: true,
  })
}

/** Imports a policy as an operator does. Never rejects. */
export async function importPolicy(
  lab: Lab,
  policy: object | string,
  options: Pick<CommitOptions, 'killAt' | 'failAt'> & { readonly words?: readonly string[] } = {},
): Promise<Completed> {
  await lab.gateway.write('/config/next.json', policy)
  return lab.gateway.clawgress(['policy', 'import', '/config/next.json', ...(options.words ?? [])], {
    environment: faults(options),
    mayFail: true,
  })
}

/** As `importPolicy`, and it must be live and proven afterwards. @returns what it said */
export async function mustImport(lab: Lab, policy: object | string): Promise<string> {
  const { exitCode, stdout, stderr } = await importPolicy(lab, policy)
  assert.equal(exitCode, 0, stderr)
  assert.match(stdout, /Generation [0-9a-f]{16} is live/)
  return stdout
}

/** As `commit`, and it must succeed. @returns what it said */
export async function mustCommit(lab: Lab, options: CommitOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await commit(lab, options)
  assert.equal(exitCode, 0, stderr)
  return stdout
}

/** A refusal: exit status 1 and sentences for an operator. @returns the sentences */
export function refusal({ exitCode, stderr, stdout }: Completed): string {
  assert.equal(exitCode, 1, `${stdout}\n${stderr}`)
  assert.doesNotMatch(stderr, /^\s+at |node:internal|\.ts:\d|\.mjs:\d/m, `a stack trace was shown: ${stderr}`)
  for (const line of stderr.split('\n')) assert.match(line, /[.?!] \([a-z]+\.[a-z-]+\)$/)
  return stderr
}

export const history = (lab: Lab): string[] => readHistory(lab.gateway.layout).map(({ generation }) => generation)

/** Identifier of the generation that was proven last. */
export const current = (lab: Lab): string => basename(readlinkSync(runtimePaths(lab.gateway.layout).current))

export const policyFile = (lab: Lab): unknown =>
  JSON.parse(readFileSync(lab.gateway.file('/config/policy.json'), 'utf8'))

/** Nothing of ours is left in the gateway but the operator's files and the history. */
export async function assertGone(lab: Lab): Promise<void> {
  const { stdout } = await lab.gateway.exec(['nft', 'list', 'tables'])
  assert.doesNotMatch(stdout, /clawgress/)
  const pids = (await runIn(lab.gateway.namespace, ['ip', 'netns', 'pids', lab.gateway.namespace])).stdout
  const programs = pids.split('\n').flatMap(commandLine)
  assert.deepEqual(
    programs.filter((line) => /named|clawgress\.mjs|ulogd/.test(line)),
    [],
  )
  const { run, named } = lab.gateway.layout
  if (!existsSync(run)) return
  // The locks stay for whoever waits for one; program and Node are where a checkout in a closed folder is mounted.
  const stays = ['lock', 'supervisor.lock', 'restore.lock', 'disabled', 'config', 'program', 'node']
  assert.deepEqual(
    readdirSync(run).filter((name) => !stays.includes(name)),
    [],
  )
  assert.equal(existsSync(named), false)
}

function commandLine(pid: string): string[] {
  try {
    return pid === '' ? [] : [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')]
  } catch {
    return []
  }
}
