import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Typist } from '../../src/standalone/demo/typist.ts'
import { insideCommand } from '../../src/standalone/lab/enter.ts'
import { labPaths } from '../../src/standalone/lab/topology.ts'
import { shownCommands } from './support/documents.ts'
import { SEED, useLab } from './support/lab.ts'

/** What the session without VyOS has in common with VyOS; packages, images and other services are VyOS's alone. */
const TYPED =
  /^(?:run )?(?:(?:set|delete|show) service clawgress|(?:show|generate|import) clawgress|show configuration|(?:configure|commit|compare|rollback-soft|discard|save|exit)\b)/
const REFUSED = /failed|not valid|Invalid|Incomplete|Ambiguous/

describe('docs/vyos.md', () => {
  const lab = useLab(SEED)

  it('shows commands that the session without VyOS takes as well', async function () {
    this.timeout(90_000)
    const shown = shownCommands(readFileSync('docs/vyos.md', 'utf8'), 'vyos').filter(({ command }) =>
      TYPED.test(command),
    )
    assert.ok(shown.length > 30)
    await using shell = new Typist(insideCommand(labPaths(lab().paths.name), 'shell'), {
      environment: lab().gateway.environment,
      live: false,
      write: () => undefined,
    })
    await shell.ready()
    for (const { command, output, line } of shown) {
      const printed = await shell.type(command)
      // A commit that VyOS refused for what was loaded before has nothing to refuse here.
      if (!output.some((text) => REFUSED.test(text)))
        assert.doesNotMatch(printed, REFUSED, `docs/vyos.md:${line}: ${command}`)
    }
    await shell.leave('exit')
  })
})
