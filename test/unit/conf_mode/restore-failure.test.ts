import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../../../src/base/errors.ts'
import { type Layout, layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { createBackup } from '../../../src/conf_mode/backup/create.ts'
import { restoreBackup } from '../../../src/conf_mode/backup/restore.ts'
import { isUnsettled } from '../../../src/conf_mode/backup/restore-journal.ts'
import { type ConfigurationSession, UnsettledCommit } from '../../../src/conf_mode/session/configuration-session.ts'
import { parseConfig } from '../../../src/vyos/index.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

/** Disabled, so that no interface and no service is needed. */
const section = (name: string) =>
  parseConfig(
    `service {\n clawgress {\n client {\n interface ${name}\n }\n disable\n policy-file /config/p.json\n }\n}\n`,
  )
const policy = (domain: string) => JSON.stringify({ version: 1, allow: { domains: [domain] } })

describe('a restore whose commit fails', () => {
  const root = tempFolder()
  let layout: Layout
  const file = () => join(layout.config, 'p.json')

  beforeEach(() => {
    rmSync(root(), { recursive: true, force: true })
    layout = layoutBelow(root())
    for (const folder of [layout.config, layout.state, layout.run]) mkdirSync(folder, { recursive: true })
    writeFileSync(file(), policy('old.example'))
    createBackup(layout, section('eth2'), join(layout.config, 'backup.tar.gz'))
    writeFileSync(file(), policy('new.example'))
  })

  const restoredBy = (change: ConfigurationSession['change']) => {
    const session = { running: async () => ({}), change }
    return restoreBackup(layout, { running: section('eth1'), session }, join(layout.config, 'backup.tar.gz'), () => {})
  }

  it('leaves the files as they were', async () => {
    await assert.rejects(
      restoredBy(async () => ({ ok: false, said: '' })),
      /refused; everything is as it was/,
    )
    await assert.rejects(
      restoredBy(() => fail('system.unreachable', 'It cannot be used.')),
      /^[^\n]*It cannot be used\. \(system\.unreachable\)$/,
    )
    assert.equal(readFileSync(file(), 'utf8'), policy('new.example'))
    assert.equal(isUnsettled(layout), false)
  })

  it('is not backed up while its files lie beside the configuration of before', async () => {
    const backedUp = async () => {
      const backUp = () => createBackup(layout, section('eth1'), join(layout.config, 'mixed.tar.gz'))
      assert.throws(backUp, /being restored at this moment.*\(apply\.busy\)/)
      return { ok: false, said: '' }
    }
    await assert.rejects(restoredBy(backedUp), /refused; everything is as it was/)
  })

  it('leaves its files to the commit where that is under way still, and the journal to the guard', async () => {
    const underWay = async () => {
      throw new UnsettledCommit({ code: 'config.conflict', message: 'It is under way.' })
    }
    await assert.rejects(
      restoredBy(underWay),
      /It is under way\. .*\nThe files of the backup are still in place; .*guard/,
    )
    assert.equal(readFileSync(file(), 'utf8'), policy('old.example'))
    assert.ok(existsSync(runtimePaths(layout).restoreJournal))
    assert.equal(isUnsettled(layout), true)
  })
})
