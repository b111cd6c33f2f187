import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assetsRoot } from '../../../src/base/assets.ts'
import { Typist } from '../../../src/standalone/demo/typist.ts'
import { insideCommand } from '../../../src/standalone/lab/enter.ts'
import { labPaths } from '../../../src/standalone/lab/topology.ts'
import { missingLine, type ShownCommand, shownCommands } from '../support/documents.ts'
import { useLab } from '../support/lab.ts'

const DOCS = join(assetsRoot(), 'docs')
/** Records of what has just happened may come a moment later. */
const ONLY_SHOWS = /^(?:clawgress (?:alerts|denies|status|pins|log|telemetry|metrics)|show clawgress|tail) ?/
const SETTLED_MS = 5000
/** The first one builds the configuration that the others start from. */
const FIRST = 'getting-started.md'
const documents = [FIRST, ...readdirSync(DOCS).filter((name) => name.endsWith('.md') && name !== FIRST)]
const pages = [...documents.map((name) => join(DOCS, name)), join(assetsRoot(), 'README.md')]
  .map((path) => ({ name: path.slice(assetsRoot().length + 1), commands: shownCommands(readFileSync(path, 'utf8')) }))
  .filter(({ commands }) => commands.length > 0)

describe('the documentation', () => {
  const lab = useLab()

  for (const { name, commands } of pages) {
    it(`shows what really happens: ${name}`, async function () {
      this.timeout(60_000)
      if (name !== `docs/${FIRST}`) await lab().gateway.activate(readFileSync('examples/policy.json', 'utf8'))
      await using shell = new Typist(insideCommand(labPaths(lab().paths.name), 'shell'), {
        environment: lab().gateway.environment,
        live: false,
        write: () => undefined,
      })
      await shell.ready()
      for (const shown of commands) {
        const deadline = Date.now() + SETTLED_MS
        for (;;) {
          const printed = await run(shown, shell)
          const missing = missingLine(shown.output, printed)
          if (missing !== undefined && ONLY_SHOWS.test(shown.command) && Date.now() < deadline) continue
          assert.equal(missing, undefined, `${name}:${shown.line}: ${shown.command}\nprinted:\n${printed}`)
          break
        }
      }
      await shell.leave('exit')
    })
  }

  async function run({ place, command }: ShownCommand, shell: Typist): Promise<string> {
    if (place === 'shell') return shell.type(command)
    const argv = ['bash', '-c', `exec 2>&1; ${command}`]
    const { stdout } =
      place === 'gateway'
        ? await lab().gateway.exec(argv, { mayFail: true })
        : await lab()
            .agent(place === 'agent1' ? 1 : 2)
            .exec(argv, { mayFail: true })
    return stdout
  }
})
