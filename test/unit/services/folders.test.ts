import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Layout, runtimePaths } from '../../../src/base/layout.ts'
import { systemUser } from '../../../src/base/system-users.ts'
import { writeUlogdConf } from '../../../src/conf_mode/ulogd.ts'
import { prepareFolders, unitLogs } from '../../../src/services/folders.ts'
import { Alerts } from '../../../src/services/guard/alerts.ts'
import { removeLayout, temporaryLayout } from './support/gateway.ts'

describe('the folders that the units share', () => {
  let layout: Layout

  beforeEach(() => {
    layout = temporaryLayout()
  })
  afterEach(() => removeLayout(layout))

  /** Exit status 0 of a shell command under a user with its own groups alone. */
  const can = (user: string, command: string): boolean =>
    spawnSync('setpriv', ['--reuid', user, '--regid', user, '--init-groups', 'sh', '-c', command]).status === 0
  const owner = (path: string) => statSync(path).uid

  it('let no unit plant what root reads or writes, also where an older version let it', () => {
    mkdirSync(layout.run, { recursive: true })
    chownSync(layout.run, 0, systemUser('clawgress')!.gid)
    chmodSync(layout.run, 0o1775)
    prepareFolders(layout)
    const { current, intent, lock, generations, supervisorSocket } = runtimePaths(layout)
    const names = ['ulogd.conf.new', 'current.new', 'guard', 'supervisor.lock']
    const targets = [...names.map((name) => join(layout.run, name)), current, intent, `${intent}.new`, lock]
    for (const path of [...targets, supervisorSocket, join(generations, '0123456789abcdef')])
      for (const user of ['clawgress', 'ulog', 'bind']) assert.equal(can(user, `: > ${path}`), false, `${user} ${path}`)
    assert.equal(can('clawgress', `rmdir ${generations} || mv ${generations} ${layout.run}/log/x`), false)
  })

  it('let pinner and daemon make their own files, and nobody else read them or the generations', () => {
    prepareFolders(layout)
    const { generations, pinnerSocket, pinnerState, journal, daemonSocket } = runtimePaths(layout)
    writeFileSync(join(generations, 'plan'), '')
    for (const path of [pinnerSocket, pinnerState, journal, daemonSocket]) {
      assert.equal(can('clawgress', `: > ${path}`), true, path)
      assert.equal(can('ulog', `test -e ${path}`), false, path)
    }
    assert.equal(can('clawgress', `cat ${generations}/plan`), true)
    for (const user of ['bind', 'ulog', 'nobody']) assert.equal(can(user, `ls ${generations}`), false, user)
  })

  it('take over nothing that was planted before: what root writes is a new file of its own', () => {
    mkdirSync(layout.run, { recursive: true })
    const { uid, gid } = systemUser('clawgress')!
    const planted = `${runtimePaths(layout).ulogdConfiguration}.new`
    writeFileSync(planted, 'planted')
    chmodSync(planted, 0o666)
    chownSync(planted, uid, gid)
    prepareFolders(layout)
    writeUlogdConf(layout)
    assert.equal(owner(runtimePaths(layout).ulogdConfiguration), 0)
    assert.equal(statSync(runtimePaths(layout).ulogdConfiguration).mode & 0o777, 0o644)
  })

  it('keep alerts and output of units to root, where the daemon may write beside them', () => {
    const elsewhere = join(layout.root, 'elsewhere')
    mkdirSync(elsewhere)
    const { alerts } = runtimePaths(layout)
    prepareFolders(layout)
    spawnSync('rmdir', [unitLogs(layout)])
    assert.equal(can('clawgress', `mkfifo -m 666 ${alerts} && ln -s ${elsewhere} ${unitLogs(layout)}`), true)
    prepareFolders(layout)
    assert.equal(owner(unitLogs(layout)), 0)
    assert.equal(statSync(unitLogs(layout)).ino === statSync(elsewhere).ino, false)
    new Alerts(layout).raise('table.lost', 'test')
    assert.equal(owner(alerts), 0)
    assert.match(readFileSync(alerts, 'utf8'), /table\.lost/)
    assert.equal(can('clawgress', `echo x >> ${alerts}`), false)
  })

  it('do not follow a link that was planted for an alert', () => {
    prepareFolders(layout)
    const { alerts } = runtimePaths(layout)
    const victim = join(layout.root, 'victim')
    writeFileSync(victim, '')
    symlinkSync(victim, alerts)
    new Alerts(layout).raise('table.lost', 'test')
    assert.equal(readFileSync(victim, 'utf8'), '')
  })
})
