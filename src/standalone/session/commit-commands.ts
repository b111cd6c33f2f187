import { type CommandSurroundings, type ConfigCommand, isKeyword, refuse } from './config-command.ts'

const DEFAULT_MINUTES = 10
const MAX_MINUTES = 24 * 60
const NOTHING_TO_COMMIT = 'No configuration changes to commit'

/** The text after `comment`; undefined where the words are not understood. */
function commentOf(args: readonly string[]): string | undefined {
  const [keyword, text, ...rest] = args
  if (keyword === undefined) return 'commit'
  return isKeyword(keyword, 'comment') && text !== undefined && rest.length === 0 ? text : undefined
}

async function commit(args: readonly string[], { session, write }: CommandSurroundings): Promise<boolean> {
  if (!session.isChanged) return refuse(write, NOTHING_TO_COMMIT)
  if (args[0] === 'confirm') return refuse(write, 'Use commit-confirm command')
  const comment = commentOf(args)
  if (comment === undefined) return refuse(write, `Invalid argument "${args.join(' ')}" for 'commit'`)
  return session.commit({ comment, via: 'cli' })
}

async function commitConfirm(args: readonly string[], { session, write }: CommandSurroundings): Promise<boolean> {
  if (!session.isChanged) return refuse(write, NOTHING_TO_COMMIT)
  const [first] = args
  const isNumber = first !== undefined && /^\d+$/.test(first)
  const minutes = isNumber ? Number(first) : DEFAULT_MINUTES
  const comment = commentOf(isNumber ? args.slice(1) : args)
  if (comment === undefined || minutes < 1 || minutes > MAX_MINUTES) {
    return refuse(write, `Invalid argument "${args.join(' ')}" for 'commit-confirm'; minutes are 1 to ${MAX_MINUTES}`)
  }
  return session.commit({ comment, via: 'cli', confirmMinutes: minutes })
}

async function confirm(_: readonly string[], { session, write }: CommandSurroundings): Promise<boolean> {
  write((await session.confirm()) ? 'Reload timer stopped\n' : 'No confirm pending\n')
  return true
}

function compare(args: readonly string[], { session, store, write }: CommandSurroundings): boolean {
  const revision = (text: string) => (/^\d+$/.test(text) ? store.revision(Number(text)) : undefined)
  const [first, second] = args
  const show = (difference: string, what: string): boolean => {
    write(difference === '' ? `No changes between ${what} configurations.\n\n` : `${difference}\n`)
    return true
  }
  if (first === undefined) return show(session.compare(), 'working and active')
  if (isKeyword(first, 'saved')) return show(session.compare(store.saved()), 'working and saved')
  if (isKeyword(first, 'commands')) return show(session.compareCommands(), 'working and active')
  const older = revision(second ?? first)
  if (older === undefined) return refuse(write, `Invalid revision number ${second ?? first}`)
  if (second === undefined) return show(session.compare(older), `working and revision ${first}`)
  const newer = revision(first)
  if (newer === undefined) return refuse(write, `Invalid revision number ${first}`)
  return show(session.compare(older, newer), `revisions ${second} and ${first}`)
}

function rollback([number, ...rest]: readonly string[], { session, store, write }: CommandSurroundings): boolean {
  if (number === undefined || rest.length > 0) return refuse(write, 'Error: must include a revision # to rollback to')
  const tree = /^\d+$/.test(number) ? store.revision(Number(number)) : undefined
  if (tree === undefined) {
    return refuse(write, `Invalid revision number ${number}: must be 0 < rev < ${store.revisions().length}`)
  }
  session.replace(tree)
  write('Rollback diff has been applied.\nUse "compare" to review the changes or "commit" to apply them.\n')
  return true
}

/** Commands that carry the working configuration out, compare it, and take it back. */
export const COMMIT_COMMANDS: readonly ConfigCommand[] = [
  { name: 'confirm', help: 'Confirm prior commit-confirm', argument: 'none', run: confirm },
  { name: 'commit', help: 'Commit the current set of changes', argument: 'commit', run: commit },
  {
    name: 'commit-confirm',
    help: "Commit the current set of changes with 'confirm' required",
    argument: 'commit-confirm',
    run: commitConfirm,
  },
  { name: 'compare', help: 'Compare configuration revisions', argument: 'revision', run: compare },
  {
    name: 'rollback',
    help: 'Rollback to a prior config revision',
    argument: 'revision',
    run: rollback,
  },
  {
    name: 'rollback-soft',
    help: 'Rollback to a prior config revision',
    argument: 'revision',
    run: rollback,
  },
]
