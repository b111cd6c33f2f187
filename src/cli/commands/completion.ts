import type { Command } from 'commander'

/** Registers `clawgress completion`. */
export function register(program: Command): void {
  program
    .command('completion')
    .description('print the completion of bash')
    .addHelpText('after', '\nExample:\n  clawgress completion > /etc/bash_completion.d/clawgress')
    .action(() => {
      process.stdout.write(printCompletion(program))
    })
}

/** Bash completion: subcommands and options at every depth of the command tree; file names for everything else. */
export function printCompletion(program: Command): string {
  const cases = [...wordsOf(program, program.name())].map(
    ([path, words]) => `    '${path}') words='${words.join(' ')}' ;;`,
  )
  return `# Completion of ${program.name()} for bash.
_${program.name()}() {
  local path='${program.name()}' next words word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="$path $word"
    case " $(_${program.name()}_words "$path") " in *" $word "*) [[ $word == -* ]] || path=$next ;; esac
  done
  words=$(_${program.name()}_words "$path")
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
_${program.name()}_words() {
  local words=
  case $1 in
${cases.join('\n')}
  esac
  printf '%s' "$words"
}
complete -o default -F _${program.name()} ${program.name()}
`
}

function* wordsOf(command: Command, path: string): Iterable<readonly [path: string, words: string[]]> {
  const help = command.createHelp()
  const children = help.visibleCommands(command)
  const options = help.visibleOptions(command).flatMap(({ long }) => (long ? [long] : []))
  yield [path, [...children.map((child) => child.name()), ...options]]
  for (const child of children) if (child.name() !== 'help') yield* wordsOf(child, `${path} ${child.name()}`)
}
