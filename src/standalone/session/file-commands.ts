import { type CommandSurroundings, type ConfigCommand, refuse } from './config-command.ts'

/** `load` and `merge` refuse to run over uncommitted changes. */
function isModified(verb: 'load' | 'merge', gerund: string, { session, write }: CommandSurroundings): boolean {
  if (!session.isChanged) return false
  write(`Cannot ${verb}: configuration modified.\nCommit or discard the changes before ${gerund} a config file.\n`)
  return true
}

const outcome = (what: 'Load' | 'Merge', { session, write }: CommandSurroundings): true => {
  write(
    session.isChanged
      ? `${what} complete. Use 'commit' to make changes effective.\n`
      : 'No configuration changes to commit.\n',
  )
  return true
}

function load([name = 'config.boot', ...rest]: readonly string[], around: CommandSurroundings): boolean {
  const { session, store, write } = around
  if (rest.length > 0) return refuse(write, 'Usage: load [file]')
  if (isModified('load', 'loading', around)) return false
  session.top()
  const tree = store.load(name)
  if (tree === undefined) return refuse(write, `No such file '${name}'`)
  write(`Loading configuration from '${name}'\n`)
  session.replace(tree)
  return outcome('Load', around)
}

function merge([name, ...path]: readonly string[], around: CommandSurroundings): boolean {
  const { session, store, write } = around
  if (name === undefined) {
    return refuse(write, 'Need config file name to merge.', 'Usage: merge <config file> [config path]')
  }
  if (isModified('merge', 'merging', around)) return false
  session.top()
  const tree = store.load(name)
  if (tree === undefined) return refuse(write, `No such file '${name}'`)
  const isKnown = tree.has(path) || session.working.has(path)
  if (!isKnown) write(`path ${path.join(' ')} does not exist in either effective or merge config; will use root.\n`)
  session.merge(isKnown ? tree.only(path) : tree)
  return outcome('Merge', around)
}

function save([name, ...rest]: readonly string[], { session, store, write }: CommandSurroundings): boolean {
  if (rest.length > 0) return refuse(write, 'Usage: save [file]')
  if (session.isChanged) write('Warning: you have uncommitted changes that will not be saved.\n\n')
  session.top()
  store.save(store.active(), name)
  return true
}

/** Commands that read and write configuration files. */
export const FILE_COMMANDS: readonly ConfigCommand[] = [
  {
    name: 'load',
    help: 'Load configuration from a file and replace running configuration',
    argument: 'file',
    run: load,
  },
  {
    name: 'merge',
    help: 'Load configuration from a file and merge running configuration',
    argument: 'file',
    run: merge,
  },
  { name: 'save', help: 'Save configuration to a file', argument: 'file', run: save },
]
