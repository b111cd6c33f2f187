import { closeSync, constants, existsSync, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { fail } from '../../base/errors.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { tryExclusive } from '../file-lock.ts'

/** The place of a layout's one supervisor: the kernel's lock on `${run}/supervisor.lock`. It ends with its holder. */
export class SupervisorPlace {
  private readonly fd: number

  private constructor(fd: number) {
    this.fd = fd
  }

  /** Throws `apply.busy` when the layout has a supervisor already. */
  static take(layout: Layout): SupervisorPlace {
    const { supervisorLock } = runtimePaths(layout)
    const fd = openSync(supervisorLock, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
    if (!tryExclusive(fd)) {
      closeSync(fd)
      const holder = readFileSync(supervisorLock, 'utf8')
      fail('apply.busy', `A supervisor already runs below ${layout.run} (process ${holder}).`)
    }
    ftruncateSync(fd, 0)
    writeSync(fd, String(process.pid), 0)
    return new SupervisorPlace(fd)
  }

  /** Was the file removed, so that another supervisor could make itself one and lock that? */
  isLost(): boolean {
    return fstatSync(this.fd).nlink === 0
  }

  leave(): void {
    closeSync(this.fd)
  }
}

/** Is there still a gateway to supervise? What survives reboots goes when it is removed for good. */
export const hasGateway = (layout: Layout): boolean => existsSync(layout.state)
