import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ClawgressError } from '../src/base/errors.ts'
import { buildCommandTemplates, buildOpTemplates } from '../src/vyos/index.ts'
import { definitionFiles, vyosTree } from './vyos-tree.ts'

const USAGE = `Usage: vyos-templates.ts OUT
       vyos-templates.ts --config INPUT... OUT
       vyos-templates.ts --op INPUT... OUT

Writes what VyOS needs of our definitions below OUT, or the node.def tree of any definitions.
INPUT is a file (*.xml.in or *.xml) or a folder of them, which is taken in the order of the names.
`

const BUILDERS = { '--config': buildCommandTemplates, '--op': buildOpTemplates } as const

function write(tree: ReadonlyMap<string, string>, folder: string): void {
  for (const [path, text] of tree) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

function run(args: readonly string[]): void {
  const [first = '', ...rest] = args
  const out = args.at(-1)
  const build = BUILDERS[first as keyof typeof BUILDERS]
  if (build !== undefined && rest.length > 1) write(build(rest.slice(0, -1).flatMap(definitionFiles)), out!)
  else if (args.length === 1 && !first.startsWith('-')) write(vyosTree(), first)
  else {
    process.stderr.write(USAGE)
    process.exitCode = 2
  }
}

try {
  run(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof ClawgressError) && (error as NodeJS.ErrnoException).syscall === undefined) throw error
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}
