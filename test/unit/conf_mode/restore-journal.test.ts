import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Layout, layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { ownCommand } from '../../../src/base/own-command.ts'
import {
  holdRestore,
  isUnsettled,
  noteCommitted,
  REPLACED_SUFFIX,
  type RestoreJournal,
  refuseWhileRestoring,
  settleCutOffRestore,
  settleRestore,
  sha256,
  writeJournal,
} from '../../../src/conf_mode/backup/restore-journal.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const BACKED_UP = { client: { interface: ['eth1', 'eth2'] }, 'policy-file': '/config/p.json' }
const EARLIER = { client: { interface: ['eth1'] }, 'policy-file': '/config/p.json' }
const HANDLER = fileURLToPath(new URL('support/service-starter.ts', import.meta.url))
const NEW = Buffer.from('restored')

describe('a restore that was cut off', () => {
  const root = tempFolder()
  let layout: Layout
  const file = () => join(layout.config, 'p.json')
  const content = () => readFileSync(file(), 'utf8')

  beforeEach(() => {
    rmSync(root(), { recursive: true, force: true })
    layout = layoutBelow(root())
    for (const folder of [layout.config, layout.state, layout.run]) mkdirSync(folder, { recursive: true })
  })

  /** Written down, and the file replaced as far as `stage` says. */
  function cutOff(about: Partial<RestoreJournal> = {}, stage: 'noted' | 'linked' | 'replaced' = 'replaced'): void {
    writeFileSync(file(), 'earlier')
    const files = [{ path: file(), existed: true, sha256: sha256(NEW) }]
    writeJournal(layout, { files, history: false, section: BACKED_UP, unchanged: false, committed: false, ...about })
    if (stage === 'noted') return
    linkSync(file(), `${file()}${REPLACED_SUFFIX}`)
    if (stage === 'linked') return
    rmSync(file())
    writeFileSync(file(), NEW)
  }
  const assertSettled = () => {
    assert.deepEqual(readdirSync(layout.config), existsSync(file()) ? ['p.json'] : [])
    assert.equal(existsSync(runtimePaths(layout).restoreJournal), false)
  }
  const earlier = { proposed: EARLIER, effective: EARLIER }

  for (const stage of ['noted', 'linked', 'replaced'] as const)
    it(`is taken back, wherever it was (${stage})`, () => {
      cutOff({}, stage)
      assert.match(settleRestore(layout, earlier).join(), /was cut off/)
      assert.equal(content(), 'earlier')
      assertSettled()
      assert.deepEqual(settleRestore(layout, earlier), [])
    })

  it('is taken back at a boot with the configuration of before, and when it was enforced but never in force', () => {
    cutOff()
    settleRestore(layout, { proposed: EARLIER, effective: null })
    assert.equal(content(), 'earlier')
    cutOff()
    noteCommitted(layout)
    settleRestore(layout, earlier)
    assert.equal(content(), 'earlier')
    assertSettled()
  })

  it('stays where its configuration came into force, in whatever order its values come', () => {
    const reordered = { 'policy-file': ['/config/p.json'], client: { interface: ['eth2', 'eth1'] } }
    for (const config of [
      { proposed: EARLIER, effective: reordered },
      { proposed: BACKED_UP, effective: null },
    ]) {
      cutOff()
      noteCommitted(layout)
      const { confirmation } = runtimePaths(layout)
      writeFileSync(confirmation, '')
      assert.deepEqual(settleRestore(layout, config), [])
      assert.equal(content(), 'restored')
      assertSettled()
      assert.equal(existsSync(confirmation), false, 'no earlier import takes its place any more')
    }
  })

  it('is not taken back by the commit that it began, which goes on without it', () => {
    cutOff()
    assert.deepEqual(settleRestore(layout, { proposed: BACKED_UP, effective: EARLIER }), [])
    assert.equal(content(), 'restored')
    assert.ok(existsSync(runtimePaths(layout).restoreJournal))
  })

  it('is taken back where only the files differ and no commit has succeeded since', () => {
    cutOff({ unchanged: true })
    settleRestore(layout, { proposed: BACKED_UP, effective: BACKED_UP })
    assert.equal(content(), 'earlier')
    assertSettled()
  })

  it('leaves alone what somebody else put there since, and removes a file that was not there', () => {
    cutOff()
    writeFileSync(file(), 'by hand')
    settleRestore(layout, earlier)
    assert.equal(content(), 'by hand')
    assertSettled()
    rmSync(file())
    const files = [{ path: file(), existed: false, sha256: sha256(NEW) }]
    writeFileSync(file(), NEW)
    writeJournal(layout, { files, history: false, section: BACKED_UP, unchanged: false, committed: false })
    settleRestore(layout, earlier)
    assertSettled()
    assert.equal(existsSync(file()), false)
  })

  it('is told from one that is under way, which nobody settles and no second one joins', () => {
    cutOff()
    const hold = holdRestore(layout)
    assert.deepEqual(settleCutOffRestore(layout, earlier), [])
    assert.equal(content(), 'restored')
    for (const other of [() => holdRestore(layout), () => refuseWhileRestoring(layout)])
      assert.throws(other, /being restored at this moment.*\(apply\.busy\)/)
    hold.release()
    settleCutOffRestore(layout, earlier)
    assert.equal(content(), 'earlier')
  })

  it('goes on as long as a program that it has started, where it shares that', async () => {
    cutOff()
    const hold = holdRestore(layout)
    const before = spawn('sleep', ['60'])
    hold.share()
    const commit = spawn('sleep', ['60'])
    hold.release()
    try {
      await Promise.all([once(before, 'spawn'), once(commit, 'spawn')])
      assert.equal(isUnsettled(layout), false)
      commit.kill('SIGKILL')
      await once(commit, 'exit')
      assert.equal(isUnsettled(layout), true)
    } finally {
      before.kill('SIGKILL')
    }
  })

  it('goes on as long as the handler of our own commit, and not as the services that this starts', async () => {
    cutOff()
    const hold = holdRestore(layout)
    hold.share()
    const [program, ...args] = [...ownCommand().slice(0, -1), HANDLER]
    const handler = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [service] = (await once(handler.stdout, 'data')) as [Buffer]
    hold.release()
    try {
      assert.equal(isUnsettled(layout), false)
      handler.kill('SIGKILL')
      // Soon, not at once: what compiled the handler's TypeScript may end after it.
      await until('nobody holds it', 15_000, () => isUnsettled(layout))
    } finally {
      assert.ok(process.kill(Number(service), 'SIGKILL'), 'the service outlives the handler')
    }
  })
})
