import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fail } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { systemUser, type UserIds } from '../base/system-users.ts'

/** Policies that were activated. */
export const historyFolder = (layout: Layout): string => join(layout.state, 'history')

/** Folder of what the units' processes print. */
export const unitLogs = (layout: Layout): string => join(layout.log, 'services')

/**
 * Makes the folders that the units share, with owners under which no unit can replace another's files: the run folder
 * is root's, with a folder inside for what the pinner and the daemon make each, and a sticky one for raw denials.
 * Generations are read by those two alone. ulogd2's files are made here, so that the daemon may give back the space of
 * what it has read. Idempotent. Throws `system.privilege` for anyone but root.
 */
export function prepareFolders(layout: Layout): void {
  if (process.getuid?.() !== 0)
    fail('system.privilege', 'Only root can prepare the folders of the gateway. Run the command with sudo.')
  const clawgress = idsOf('clawgress')
  const { generations, pinnerFolder, daemonFolder, nflogRecords, endedFlows, telemetryFolder, alertsFolder } =
    runtimePaths(layout)
  folder(layout.run, 0o755, 0, 0)
  folder(generations, 0o750, 0, clawgress.gid)
  folder(pinnerFolder, 0o750, clawgress.uid, clawgress.gid)
  folder(daemonFolder, 0o750, clawgress.uid, clawgress.gid)
  const ulog = idsOf('ulog')
  folder(dirname(nflogRecords), 0o3770, ulog.uid, clawgress.gid)
  for (const path of [nflogRecords, endedFlows]) file(path, 0o660, ulog.uid, clawgress.gid)
  folder(layout.state, 0o755, 0, 0)
  // What is made inside takes over the group: the daemon shows the history, and changes nothing in it.
  folder(historyFolder(layout), 0o2750, 0, clawgress.gid)
  for (const path of [telemetryFolder, alertsFolder]) folder(path, 0o750, clawgress.uid, clawgress.gid)
  folder(layout.log, 0o1775, 0, clawgress.gid)
  // Its parent is the daemon's too, which could have put a link there.
  if (lstatSync(unitLogs(layout), { throwIfNoEntry: false })?.isDirectory() === false) rmSync(unitLogs(layout))
  folder(unitLogs(layout), 0o755, 0, 0)
}

function folder(path: string, mode: number, uid: number, gid: number): void {
  mkdirSync(path, { recursive: true })
  const there = statSync(path)
  // A disk that takes no changes any more must not keep the guard from starting.
  if (there.uid === uid && there.gid === gid && (there.mode & 0o7777) === mode) return
  chownSync(path, uid, gid)
  chmodSync(path, mode)
}

function file(path: string, mode: number, uid: number, gid: number): void {
  // Opened without following a link: others may write to the folder.
  const fd = openSync(path, constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW, mode)
  fchownSync(fd, uid, gid)
  fchmodSync(fd, mode)
  closeSync(fd)
}

/** Throws `system.missing-program` where the system user does not exist. */
function idsOf(name: string): UserIds {
  return (
    systemUser(name) ??
    fail('system.missing-program', `The system user ${name} does not exist; install Clawgress completely.`)
  )
}
