import { type CommandSurroundings, type ConfigCommand, indented, refuse } from './config-command.ts'
import { CommandRefused, type ConfigSession } from './config-session.ts'

type Act = (args: readonly string[], session: ConfigSession) => unknown

/** A command whose refusals VyOS sets off from the rest. Without arguments it says what it needs. */
function onTree(name: string, act: Act) {
  return (args: readonly string[], { session, write }: CommandSurroundings): boolean => {
    if (args.length === 0) {
      write(indented(`Need to specify the config node to ${name}\n${name[0]!.toUpperCase()}${name.slice(1)} failed`))
      return false
    }
    try {
      const remark = act(args, session)
      if (typeof remark === 'string') write(indented(remark))
      return true
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error
      write(indented(error.message))
      return false
    }
  }
}

function discard(_: readonly string[], { session, write }: CommandSurroundings): boolean {
  write(indented(session.discard() ? 'Changes have been discarded' : 'No changes have been discarded'))
  return true
}

function show(args: readonly string[], { session, write }: CommandSurroundings): boolean {
  write(session.show(args))
  return true
}

function top(_: readonly string[], { session, write }: CommandSurroundings): boolean {
  if (session.level.length === 0) write('Already at the top level\n')
  session.top()
  return true
}

function edit(args: readonly string[], around: CommandSurroundings): boolean {
  let isLevel = true
  const ok = onTree('edit', (path, session) => {
    isLevel = session.edit(path)
  })(args, around)
  return isLevel ? ok : refuse(around.write, 'The "edit" command cannot be issued at the specified level')
}

/** `copy rule 10 to rule 20`: five words, both nodes at the level of the session. */
const sibling = (action: 'copy' | 'rename') => (args: readonly string[], around: CommandSurroundings) => {
  if (args.length > 0 && (args.length !== 5 || args[2] !== 'to')) {
    around.write(indented(`Invalid command: ${action} ${args.join(' ')}`))
    return false
  }
  const [node, from, , newNode, to] = args
  return onTree(action, (_, session) => session[action]([node!, from!], [newNode!, to!]))(args, around)
}

/** Commands that change, show or move about the working configuration. */
export const TREE_COMMANDS: readonly ConfigCommand[] = [
  {
    name: 'comment',
    help: 'Add comment to this configuration element',
    argument: 'existing-path',
    run: onTree('comment', (args, session) => session.comment(args.slice(0, -1), args.at(-1)!)),
  },
  {
    name: 'copy',
    help: 'Copy a configuration element',
    argument: 'existing-path',
    run: sibling('copy'),
  },
  {
    name: 'delete',
    help: 'Delete a configuration element',
    argument: 'existing-path',
    run: onTree('delete', (args, session) => session.delete(args)),
  },
  { name: 'discard', help: 'Discard uncommitted changes', argument: 'none', run: discard },
  {
    name: 'edit',
    help: 'Edit a sub-element',
    argument: 'new-path',
    run: edit,
  },
  {
    name: 'rename',
    help: 'Rename a configuration element',
    argument: 'existing-path',
    run: sibling('rename'),
  },
  {
    name: 'set',
    help: 'Set the value of a parameter or create a new element',
    argument: 'new-path',
    run: onTree('set', (args, session) => session.set(args)),
  },
  { name: 'show', help: 'Show the configuration', argument: 'existing-path', run: show },
  { name: 'top', help: 'Set the edit level to the root', argument: 'none', run: top },
  {
    name: 'up',
    help: 'Set the edit level up one level',
    argument: 'none',
    run: (_, { session, write }) => session.up() || refuse(write, 'Already at the top level'),
  },
]
