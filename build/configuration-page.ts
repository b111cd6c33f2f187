import type { Definition, Definitions } from '../src/vyos/index.ts'

/** The node `service clawgress` of the shipped definitions. */
export const clawgressService = (definitions: Definitions): Definition =>
  definitions.roots.get('service')!.children.get('clawgress')!

/** docs/configuration.md: every node below `service clawgress`, in the order of the interface definition. */
export function printConfigurationPage(service: Definition): string {
  const sections = [...leaves(service, [])].map(printLeaf)
  return `# Configuration: \`service clawgress\`

Generated from \`interface-definitions/service_clawgress.xml.in\` by \`node --import tsx build/generate-docs.ts\`; a test
compares the two. What each node is for is told in [getting-started.md](getting-started.md), [dns.md](dns.md) and
[operating.md](operating.md); what agents may reach, in the policy file or below \`policy\`, in [policy.md](policy.md).

In configuration mode, \`?\` shows the same texts, and tab completes. A commit checks all nodes together and reports
everything that is wrong at once; nothing changes when anything is wrong. There must be a \`policy-file\` or a
\`policy\`, and at least one \`client interface\`.

| node | default | |
|---|---|---|
${[...leaves(service, [])].map(printRow).join('\n')}

${sections.join('\n')}`
}

interface Leaf {
  /** Words below `service clawgress`, with `<value>` for the value of a tag node. */
  readonly words: readonly string[]
  readonly definition: Definition
}

function* leaves(parent: Definition, words: readonly string[]): Iterable<Leaf> {
  for (const definition of parent.children.values()) {
    const path = [...words, definition.name]
    if (definition.kind === 'leaf') yield { words: path, definition }
    else if (definition.kind === 'node') yield* leaves(definition, path)
    else {
      yield { words: path, definition }
      yield* leaves(definition, [...path, '<value>'])
    }
  }
}

const isRepeated = ({ kind, multi }: Definition) => multi || kind === 'tag'

const printRow = ({ words, definition }: Leaf): string => {
  const { defaultValue, help } = definition
  return `| \`${words.join(' ')}\` | ${defaultValue === undefined ? '' : `\`${defaultValue}\``} | ${help} |`
}

function printLeaf({ words, definition }: Leaf): string {
  const { valueless, defaultValue, help } = definition
  const formats = definition.valueHelp.map(({ format, description }) => `- \`${format}\`: ${description}.`)
  const listed = formats.length > 0 ? [] : definition.completion.list.map((value) => `- \`${value}\``)
  const notes = [
    ...(valueless ? ['- Has no value: it is there or not.'] : []),
    ...(isRepeated(definition) ? ['- May be set several times.'] : []),
    ...(defaultValue === undefined ? [] : [`- Default: \`${defaultValue}\`.`]),
    ...(definition.constraintErrorMessage === ''
      ? []
      : [`- Refused otherwise: "${definition.constraintErrorMessage}".`]),
  ]
  const lines = [...formats, ...listed, ...notes]
  return [
    `## \`${words.join(' ')}\``,
    '',
    `${help}.`,
    ...(lines.length === 0 ? [] : ['', ...lines]),
    '',
    '```text',
    `set service clawgress ${words.join(' ')}${valueless ? '' : ' <value>'}`,
    '```',
    '',
  ].join('\n')
}
