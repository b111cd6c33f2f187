import { formatProblem } from '../../base/errors.ts'
import { problemsOf } from '../../conf_mode/failure.ts'
import type { ConfigTree } from '../../vyos/index.ts'
import { commitTree } from './commit.ts'
import type { CommitRequest } from './commit-request.ts'
import type { SessionSurroundings } from './config-session.ts'

/**
 * Notes the configuration that a commit put into force. One that cannot be noted is taken back: the next commit would be
 * compared with what is not in force. Returns false then, after it said so.
 */
export async function noteActive(
  before: ConfigTree,
  after: ConfigTree,
  around: SessionSurroundings,
  { booting, confirmMinutes }: CommitRequest,
): Promise<boolean> {
  const { store, unconfirmed, write } = around
  try {
    store.writeActive(after)
    return true
  } catch (error) {
    write(`${problemsOf(error).map(formatProblem).join('\n')}\n`)
  }
  // at boot nothing was in force before, and clients are not to be left unpoliced
  if (booting) return false
  const { ok } = await commitTree(after, before, around)
  if (ok && confirmMinutes !== undefined) unconfirmed.clear()
  write(ok ? 'The commit was taken back.\n' : 'The commit could not be taken back; make room and commit again.\n')
  return false
}

/** Notes a revision for rollback; a commit that is in force is not undone for the lack of it. */
export function noteRevision(write: (text: string) => void, note: () => void): void {
  try {
    note()
  } catch (error) {
    write(`Warning: the commit is in force, but is no revision for rollback: ${(error as Error).message}\n`)
  }
}
