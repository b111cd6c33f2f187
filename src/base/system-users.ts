import { readFileSync } from 'node:fs'

export interface UserIds {
  readonly uid: number
  readonly gid: number
}

/**
 * Numeric ids of a system user, or undefined. Read from passwd(5) itself: the users of packages stand there, and a
 * commit does not start a program to ask for them.
 */
export function systemUser(name: string, passwdFile = '/etc/passwd'): UserIds | undefined {
  const line = readFileSync(passwdFile, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}
