import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { assetsRoot } from '../base/assets.ts'
import type { Layout } from '../base/layout.ts'
import { ownCommand } from '../base/own-command.ts'

/**
 * Command that runs `clawgress supervise` in such a way that units under other users can run our program too. A
 * checkout in a closed home folder is not theirs to enter; then the supervisor gets a mount namespace in which
 * checkout and Node appear below the run folder. Nothing is copied, and nobody else sees the mounts.
 */
export function superviseCommand(layout: Layout): string[] {
  const command = ownCommand('supervise')
  return canEnter(assetsRoot()) && canEnter(process.execPath) ? command : insideOwnMounts(layout, command)
}

/** May a stranger open the file or folder? Asked of the kernel, which knows about every folder on the way. */
function canEnter(path: string): boolean {
  const identity = ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups']
  const { status } = spawnSync('setpriv', [...identity, '--', 'test', '-r', path, '-a', '-x', path], { cwd: '/' })
  return status === 0
}

function insideOwnMounts(layout: Layout, command: readonly string[]): string[] {
  const moves = [
    { from: assetsRoot(), to: join(layout.run, 'program') },
    { from: dirname(process.execPath), to: join(layout.run, 'node') },
  ]
  for (const { to } of moves) mkdirSync(to, { recursive: true, mode: 0o755 })
  const moved = command.map((word) => moves.reduce((text, { from, to }) => movePath(text, from, to), word))
  const script = 'mount --bind "$1" "$2" && mount --bind "$3" "$4" && shift 4 && exec "$@"'
  const mounts = moves.flatMap(({ from, to }) => [from, to])
  return ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', script, 'sh', ...mounts, ...moved]
}

/** The word with a path (or `file:` URL) below `from` moved below `to`; anything else unchanged. */
function movePath(word: string, from: string, to: string): string {
  const scheme = word.startsWith('file://') ? 'file://' : ''
  const inside = relative(from, word.slice(scheme.length))
  return !word.startsWith(`${scheme}/`) || inside.startsWith('..') ? word : `${scheme}${join(to, inside)}`
}
