import type { Command } from 'commander'

/** Manual page of a program, in the format of man(7), from what its own help says of every visible command. */
export function printManPage(program: Command): string {
  const name = program.name()
  const summary = `${program.description().charAt(0).toLowerCase()}${program.description().slice(1)}`
  const commands = [...visibleCommands(program, '')].map(([path, command]) => printCommand(path, command))
  return [
    `.TH ${name.toUpperCase()} 1 "" "${text(`${name} ${program.version()}`)}" "User Commands"`,
    '.SH NAME',
    `${name} \\- ${text(summary)}`,
    '.SH SYNOPSIS',
    `.B ${name}`,
    '.I command',
    '[\\fIargument\\fR ...] [\\fIoption\\fR ...]',
    '.SH COMMANDS',
    ...commands,
    '.SH OPTIONS',
    ...printOptions(program),
    ...after(program),
    '',
  ].join('\n')
}

function* visibleCommands(command: Command, path: string): Iterable<readonly [path: string, command: Command]> {
  for (const child of command.createHelp().visibleCommands(command)) {
    if (child.name() === 'help') continue
    const own = path === '' ? child.name() : `${path} ${child.name()}`
    const isGroup = child.commands.length > 0
    if (!isGroup) yield [own, child]
    yield* visibleCommands(child, own)
  }
}

function printCommand(path: string, command: Command): string {
  const usage = command
    .createHelp()
    .commandUsage(command)
    .split(' ')
    .slice(path.split(' ').length + 1)
  const lines = [
    `.SS "${text([path, ...usage].join(' '))}"`,
    text(sentence(command.description())),
    ...printArguments(command),
    ...printOptions(command),
    ...after(command),
  ]
  return lines.join('\n')
}

const printArguments = (command: Command): string[] =>
  command
    .createHelp()
    .visibleArguments(command)
    .flatMap((argument) => ['.TP', `.I ${text(argument.name())}`, text(argument.description)])

const printOptions = (command: Command): string[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help')
    .flatMap((option) => [
      '.TP',
      `.B ${text(option.flags)}`,
      text(sentence(command.createHelp().optionDescription(option))),
    ])

/** What the help says below everything else, such as examples; indented lines are shown as they are. */
function after(command: Command): string[] {
  const said: string[] = []
  command.configureOutput({ writeOut: (part) => said.push(part) })
  command.outputHelp()
  const lines = said.join('').slice(command.helpInformation().length).split('\n')
  return lines
    .filter((line) => line.trim() !== '')
    .flatMap((line) => (line.startsWith('  ') ? ['.EX', text(line), '.EE'] : ['.PP', text(line)]))
}

const sentence = (words: string): string =>
  words === '' ? '' : `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.:]$/.test(words) ? '' : '.'}`

/** A line of text as man(7) takes it: nothing in it is a request, an escape or a dash that breaks. */
const text = (line: string): string =>
  line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replace(/^(\s*)([.'])/, '$1\\&$2')
