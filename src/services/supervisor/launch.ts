import type { UnitDefinition } from '../unit-definition.ts'

/**
 * Argument vector that starts a unit with its memory limit, user and capabilities, by prlimit(1) and setpriv(1) of
 * util-linux. The kernel kills the process when the thread that started it ends (PR_SET_PDEATHSIG), so that a dead
 * supervisor leaves no orphans. That mark is lost when a process changes its user, hence no program does so itself.
 */
export function launchCommand(unit: UnitDefinition): string[] {
  const limit = `--data=${unit.memoryLimitMiB * 2 ** 20}`
  const privileges = ['--no-new-privs', '--pdeathsig', 'KILL']
  if (unit.capabilities !== 'all') {
    const added = unit.capabilities.map((name) => `+${name}`)
    privileges.push('--inh-caps', ['-all', ...added].join(','))
    privileges.push('--ambient-caps', ['-all', ...added].join(','))
    privileges.push('--bounding-set', ['-all', ...added].join(','))
  }
  if (unit.user !== 'root') privileges.push('--reuid', unit.user, '--regid', unit.user, '--init-groups')
  return ['prlimit', limit, 'setpriv', ...privileges, '--', ...unit.argv]
}

/** Variables that a unit's process gets from ours: where the gateway lies, and which authorities it trusts; no others. */
export function launchEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const passed: Record<string, string> = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && /^(CLAWGRESS_[A-Z_]+|SSL_CERT_FILE|LANG|LC_[A-Z]+|TZ)$/.test(name)) passed[name] = value
  }
  return passed
}
