import type { OpDefinition } from '../src/vyos/index.ts'

/** docs/commands.md: every operational command, in the order of the definitions. */
export function printCommandsPage(definitions: readonly OpDefinition[]): string {
  const sections = definitions.map(
    (verb) => `## \`${verb.name}\`

| command | values of the last word | |
|---|---|---|
${[...commands(verb, [])].map(printRow).join('\n')}
`,
  )
  return `# Operational commands

Generated from \`op-mode/*.xml.in\` by \`node --import tsx build/generate-docs.ts\`; a test compares the two. Where each
is used is told in [operating.md](operating.md) and [vyos.md](vyos.md).

They are there on VyOS and in \`clawgress shell\`. In configuration mode, \`run\` goes before them. \`?\` shows the same
texts, and tab completes. On VyOS, users of level operator may enter those that begin with \`show\`; the others need an
administrator. In a plain shell, \`clawgress --help\` lists what the program can do.

${sections.join('\n')}`
}

interface Entered {
  /** What is typed, with `<name>` for the value of a tag node. */
  readonly words: readonly string[]
  readonly definition: OpDefinition
}

function* commands(definition: OpDefinition, before: readonly string[]): Iterable<Entered> {
  const words = [...before, definition.name, ...(definition.kind === 'tag' ? [`<${definition.name}>`] : [])]
  if (definition.command !== undefined) yield { words, definition }
  for (const child of definition.children) yield* commands(child, words)
}

function printRow({ words, definition }: Entered): string {
  const { list, paths, scripts } = definition.completion
  const values = [
    ...list.map((value) => `\`${value}\``),
    ...paths.map((path) => `values of \`${path}\``),
    ...(scripts.length > 0 ? ['what tab offers'] : []),
  ]
  return `| \`${words.join(' ')}\` | ${definition.kind === 'tag' ? values.join(', ') : ''} | ${definition.help} |`
}
