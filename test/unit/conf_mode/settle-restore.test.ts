import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClawgressError } from '../../../src/base/errors.ts'
import { type Layout, layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { writeJournal } from '../../../src/conf_mode/backup/restore-journal.ts'
import { settleByRunning } from '../../../src/conf_mode/backup/settle.ts'
import { parseConfig } from '../../../src/vyos/index.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const NEWER = '// vyos-config-version: "clawgress@99"\n'

describe('the guard, for a restore that was cut off,', () => {
  const root = tempFolder()
  let layout: Layout

  beforeEach(() => {
    layout = layoutBelow(root())
    for (const folder of [layout.config, layout.state, layout.run]) mkdirSync(folder, { recursive: true })
    writeFileSync(join(layout.config, 'config.boot'), '')
    writeJournal(layout, { files: [], history: false, section: null, unchanged: true, committed: false })
  })

  /** No client interface is named: nothing in this machine's kernel is touched, whatever comes of it. */
  async function refusal(running: string): Promise<string> {
    const said: string[] = []
    const settling = settleByRunning(
      layout,
      async () => parseConfig(running),
      (text) => said.push(text),
    )
    const error: unknown = await settling.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof ClawgressError, said.join())
    assert.ok(existsSync(runtimePaths(layout).restoreJournal), 'the restore is still to be settled')
    return error.problems[0]!.code
  }

  it('enforces nothing that a commit refuses: a saved configuration of a newer version', async () => {
    writeFileSync(join(layout.config, 'config.boot'), NEWER)
    assert.equal(await refusal('service {\n clawgress {\n }\n}\n'), 'config.version')
    assert.equal(readFileSync(join(layout.config, 'config.boot'), 'utf8'), NEWER)
  })

  it('enforces nothing that a commit refuses: a configuration of which nodes were left out', async () => {
    assert.equal(await refusal('service {\n clawgress {\n  left-out "restriction"\n }\n}\n'), 'config.version')
  })

  it('says that it could not, where no service clawgress is in force, and does not remove what is', async () => {
    symlinkSync('generation', runtimePaths(layout).current)
    assert.equal(await refusal('system {\n host-name "r1"\n}\n'), 'config.missing')
    assert.equal(readlinkSync(runtimePaths(layout).current), 'generation')
  })
})
