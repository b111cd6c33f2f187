import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { assetsRoot } from '../../../../src/base/assets.ts'
import { until } from '../../../../src/standalone/lab/until.ts'

const BOOT_LIMIT_MS = 60_000
const NAMESPACES = ['--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup']

export interface Ended {
  readonly status: number
  /** What it wrote to stdout and stderr. */
  readonly text: string
}

/**
 * A Debian with systemd as its process 1, in namespaces of its own, without network: a writable layer over a folder that
 * stays as it is. Everything of it is gone with `dispose`.
 */
export class DebianMachine implements AsyncDisposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'clawgress-debian-'))
  private readonly cgroups = join(this.folder, 'cgroups')
  private readonly cgroup = join(this.cgroups, `clawgress-test-${randomBytes(3).toString('hex')}`)
  private readonly lower: string
  private namespaces: ChildProcess | undefined
  private init = 0

  constructor(lower: string) {
    this.lower = lower
  }

  async boot(): Promise<void> {
    mkdirSync(this.cgroups)
    execFileSync('mount', ['-t', 'cgroup2', 'cgroup2', this.cgroups])
    mkdirSync(this.cgroup)
    const script = join(assetsRoot(), 'test/e2e/support/debian-root/boot.sh')
    const enter = 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"'
    const unshare = ['unshare', ...NAMESPACES, '--fork', '--kill-child', 'bash', script, this.lower, this.folder]
    this.namespaces = spawn('sh', ['-c', enter, 'sh', this.cgroup, ...unshare], { stdio: 'ignore' })
    process.once('exit', this.end)
    const { pid } = this.namespaces
    await until('systemd has started', BOOT_LIMIT_MS, async () => {
      this.init = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
      return this.init > 0 && /^(running|degraded)$/m.test((await this.run('systemctl is-system-running')).text)
    })
  }

  /** Runs a shell command line inside, as root. */
  async run(command: string): Promise<Ended> {
    const words = ['--target', String(this.init), ...NAMESPACES, '--root', '--wd']
    const environment = [
      'env',
      '-i',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root',
      'DEBIAN_FRONTEND=noninteractive',
    ]
    const shell = ['sh', '-c', `exec 2>&1; ${command}`]
    const { exitCode, stdout } = await execa('nsenter', [...words, ...environment, ...shell], {
      reject: false,
      stdin: 'ignore',
    })
    return { status: exitCode ?? -1, text: stdout }
  }

  /** As `run`; throws where the command fails. */
  async must(command: string): Promise<string> {
    const { status, text } = await this.run(command)
    if (status !== 0) throw new Error(`${command} ended with ${status}:\n${text}`)
    return text
  }

  /** Path by which a file inside is reached from outside. */
  path(inside: string): string {
    return `/proc/${this.init}/root${inside}`
  }

  put(file: string, content: string | Buffer): void {
    writeFileSync(this.path(file), content)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.namespaces?.once('exit', resolve) ?? resolve(undefined))
    this.namespaces?.kill('SIGKILL')
    await gone
    this.end()
    process.off('exit', this.end)
  }

  private readonly end = (): void => {
    this.namespaces?.kill('SIGKILL')
    removeCgroups(this.cgroup)
    execFileSync('umount', ['--lazy', this.cgroups])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A group can be removed when its processes are gone, which the kernel finishes after their parent knows. */
function removeCgroups(folder: string): void {
  const deadline = Date.now() + 5000
  for (const child of readdirSync(folder, { withFileTypes: true })) {
    if (child.isDirectory()) removeCgroups(join(folder, child.name))
  }
  for (;;) {
    try {
      rmdirSync(folder)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || Date.now() > deadline) throw error
    }
  }
}
