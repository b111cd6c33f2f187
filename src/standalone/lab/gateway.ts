import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import type { DecisionRecord } from '../../daemon/records/kinds/record.ts'
import { gatewayEnvironment } from './enter.ts'
import { type Completed, runIn } from './namespace.ts'
import { clawgressProgram } from './process.ts'
import { CLIENT_INTERFACES, gatewayLayout, type LabPaths, namespaceOf } from './topology.ts'

/** Options of `exec`; `environment` is added to the gateway's own. */
export interface ExecOptions {
  readonly input?: string
  /** Default: a non-zero exit status rejects. */
  readonly mayFail?: boolean
  readonly timeoutMs?: number
  readonly environment?: Readonly<Record<string, string>>
}

/** Configuration that every lab needs beside the policy: the root of the lab's own name tree. */
export const LAB_SETTINGS: readonly string[] = [
  'set service clawgress dns root-hints /config/root.hints',
  'set service clawgress dns trust-anchors /config/trust-anchors.conf',
]

/** The commands that put a policy file into force in a lab. */
export const policySettings = (file: string): string[] => [
  `set service clawgress policy-file ${file}`,
  ...CLIENT_INTERFACES.map((device) => `set service clawgress client interface ${device}`),
  ...LAB_SETTINGS,
]

export class GatewayHandle {
  readonly namespace: string
  readonly layout: Layout
  readonly environment: Readonly<Record<string, string>>

  constructor(paths: LabPaths) {
    this.namespace = namespaceOf(paths.name, 'gw')
    this.layout = gatewayLayout(paths)
    this.environment = gatewayEnvironment(paths)
  }

  /** Runs a program on the gateway, with `clawgress` in its search path. */
  exec(argv: readonly string[], options: ExecOptions = {}): Promise<Completed> {
    return runIn(this.namespace, argv, {
      env: { ...this.environment, ...options.environment },
      timeout: options.timeoutMs ?? 60_000,
      reject: options.mayFail !== true,
      ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    })
  }

  /** Runs `clawgress …` on the gateway. */
  clawgress(args: readonly string[], options: ExecOptions = {}): Promise<Completed> {
    return this.exec([...clawgressProgram(), ...args], options)
  }

  /** Runs `clawgress … --json` and reads what it prints. */
  async ask<T>(args: readonly string[]): Promise<T> {
    return JSON.parse((await this.clawgress([...args, '--json'])).stdout) as T
  }

  /** Path of an operator's file (`/config/policy.json`) as the machine around the lab sees it. */
  file(path: string): string {
    return join(this.layout.root, path)
  }

  /** Writes an operator's file. Objects become JSON. */
  async write(path: string, content: string | object): Promise<void> {
    await mkdir(dirname(this.file(path)), { recursive: true })
    await writeFile(this.file(path), typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`)
  }

  async copy(from: string, path: string): Promise<void> {
    await copyFile(from, this.file(path))
  }

  async commit(commands: readonly string[]): Promise<string> {
    const script = ['configure', ...commands, 'commit', 'exit', 'exit', ''].join('\n')
    const { stdout, stderr, exitCode } = await this.clawgress(['shell'], { input: script, mayFail: true })
    const text = `${stdout}${stderr === '' ? '' : `\n${stderr}`}`
    if (exitCode !== 0) throw new Error(`the session on the gateway ended with status ${exitCode}:\n${text}`)
    return text
  }

  /** Puts a policy into force: by a commit the first time, later by an import. @returns what that printed */
  async activate(policy: object | string): Promise<string> {
    if (!existsSync(runtimePaths(this.layout).current)) {
      await this.write('/config/policy.json', policy)
      return this.commit(policySettings('/config/policy.json'))
    }
    await this.write('/config/next.json', policy)
    return (await this.clawgress(['policy', 'import', this.file('/config/next.json')])).stdout
  }

  /** Decision records, oldest first; the first `skip` are left out. */
  async records(skip = 0): Promise<DecisionRecord[]> {
    const text = await readFile(runtimePaths(this.layout).decisions, 'utf8').catch(() => '')
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .slice(skip)
      .map((line) => JSON.parse(line) as DecisionRecord)
  }
}
