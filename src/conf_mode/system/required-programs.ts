import { accessSync, constants } from 'node:fs'
import { ClawgressError, type Problem } from '../../base/errors.ts'

const PROGRAMS = [
  { path: '/usr/sbin/named', package: 'bind9' },
  { path: '/usr/sbin/nft', package: 'nftables' },
  { path: '/usr/sbin/ulogd', package: 'ulogd2' },
  { path: '/usr/sbin/rndc', package: 'bind9' },
] as const

/** Throws ClawgressError `system.missing-program` with every program that enforcement needs and this machine lacks. */
export function requirePrograms(): void {
  const problems = PROGRAMS.flatMap(({ path, package: name }): Problem[] => {
    try {
      accessSync(path, constants.X_OK)
      return []
    } catch {
      return [{ code: 'system.missing-program', message: `${path} is not installed; install the package ${name}.` }]
    }
  })
  if (problems.length > 0) throw new ClawgressError(problems)
}
