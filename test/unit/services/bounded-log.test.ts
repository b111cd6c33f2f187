import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { GuardWatch } from '../../../src/daemon/guard-watch.ts'
import { Records } from '../../../src/daemon/records/records.ts'
import { BoundedLog } from '../../../src/services/bounded-log.ts'
import { appendCommit } from '../../../src/services/index.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

/** Plants pipes and files of another user under a name, one after the other. */
const PLANT = `
import os, sys
path = sys.argv[1]
made = path + '.planted'
while True:
    for make in (os.mkfifo, os.mknod):
        make(made)
        os.chown(made, 65534, 65534)
        os.rename(made, path)
`

/** Opens the log again and again for half a second; fails where it is another user's. */
const OPEN = `
import { closeSync, fstatSync } from 'node:fs'
const { openForAppending } = await import('./src/services/bounded-log.ts')
for (const end = performance.now() + 500; performance.now() < end; ) {
  let fd
  try {
    fd = openForAppending(process.argv[1])
  } catch {
    continue
  }
  const { uid } = fstatSync(fd)
  if (uid !== 0) throw new Error('it belongs to ' + uid)
  closeSync(fd)
}`

/** Runs with a folder on a disk of 64 KiB, of which `free` octets are left. */
function onFullDisk(folder: string, free: number, run: (ballast: string) => void): void {
  mkdirSync(folder, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder])
  try {
    const ballast = join(folder, 'ballast')
    writeFileSync(ballast, Buffer.alloc(65_536 - free))
    run(ballast)
  } finally {
    execFileSync('umount', [folder])
  }
}

describe('a log that root writes', () => {
  const folder = tempFolder()

  it('has whole lines or none on a full disk, and says which were not written', () => {
    onFullDisk(join(folder(), 'small'), 8_192, () => {
      const path = join(folder(), 'small', 'a.jsonl')
      const log = new BoundedLog(path)
      const line = 'x'.repeat(2_999)
      const written = [1, 2, 3, 4].map(() => log.writeLine(line))
      log.close()
      assert.deepEqual(written, [true, true, false, false])
      assert.equal(statSync(path).size, 6_000)
    })
  })

  it('ends a line that a killed program has left before its own', () => {
    const path = join(folder(), 'torn.jsonl')
    writeFileSync(path, 'one\n{"half":')
    const log = new BoundedLog(path)
    assert.deepEqual([log.writeLine('two'), log.writeLine('three')], [true, true])
    log.close()
    assert.equal(readFileSync(path, 'utf8'), 'one\n{"half":\ntwo\nthree\n')
  })

  it('goes on in a file of its own where someone removed or moved it', () => {
    const path = join(folder(), 'moved.jsonl')
    const log = new BoundedLog(path)
    log.writeLine('one')
    rmSync(path)
    log.writeLine('two')
    renameSync(path, `${path}.old`)
    log.writeLine('three')
    log.close()
    assert.deepEqual(
      [`${path}.old`, path].map((each) => readFileSync(each, 'utf8')),
      ['two\n', 'three\n'].map((line) => `\n${line}`),
    )
  })

  it('grows no further than its bound where several processes have it open', () => {
    const path = join(folder(), 'shared.jsonl')
    const logs = [new BoundedLog(path), new BoundedLog(path)]
    const chunk = Buffer.alloc(2 ** 20, 'x')
    for (let i = 0; i < 10; i++) assert.equal(logs[i % 2]!.write(chunk), true)
    for (const log of logs) log.close()
    assert.deepEqual(
      [`${path}.1`, path].map((each) => statSync(each).size / chunk.length),
      [4, 2],
    )
  })

  it('is put aside also where a folder was planted under that name, which keeps what is in it', () => {
    const path = join(folder(), 'planted.jsonl')
    for (const planted of [path, `${path}.1`]) {
      mkdirSync(planted)
      writeFileSync(join(planted, 'kept'), '')
    }
    const log = new BoundedLog(path)
    const chunk = Buffer.alloc(3 * 2 ** 20, 'x')
    assert.deepEqual([log.write(chunk), log.write(chunk)], [true, true])
    log.close()
    assert.deepEqual([statSync(path).size, statSync(`${path}.1`).size], [chunk.length, chunk.length])
    const kept = readdirSync(folder()).filter((name) => existsSync(join(folder(), name, 'kept')))
    assert.equal(kept.length, 2)
  })

  for (const [what, plant] of [
    ['a link', (path: string, victim: string) => symlinkSync(victim, path)],
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a file', (path: string) => writeFileSync(path, '')],
  ] as const)
    it(`is a file of its own, which nobody else may write, also where ${what} was planted under its name`, () => {
      const [path, victim] = [join(folder(), `${what}.jsonl`), join(folder(), 'victim')]
      writeFileSync(victim, 'kept')
      plant(path, victim)
      lchownSync(path, 65_534, 65_534)
      const log = new BoundedLog(path)
      log.writeLine('one')
      log.close()
      const { uid, mode } = lstatSync(path)
      assert.deepEqual([readFileSync(path, 'utf8'), uid, mode & 0o7777], ['one\n', 0, 0o640])
      assert.equal(readFileSync(victim, 'utf8'), 'kept')
    })

  it('holds nobody up, and is never a file of another user, however often one plants pipes and files there', () => {
    const path = join(folder(), 'raced.jsonl')
    const planting = spawn('python3', ['-c', PLANT, path], { stdio: 'ignore' })
    try {
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '-e', OPEN, path],
        {
          encoding: 'utf8',
          timeout: 20_000,
        },
      )
      assert.deepEqual([status, stderr], [0, ''])
    } finally {
      planting.kill()
    }
  })

  it('of commits tells the daemon of each that the disk did not take, and of lines that are none', () => {
    const layout = layoutBelow(join(folder(), 'gateway'))
    const { commits } = runtimePaths(layout)
    for (const path of [join(layout.run, 'log'), join(layout.named, 'log')]) mkdirSync(path, { recursive: true })
    const commit = () => appendCommit(layout, { event: 'live', user: 'vyos' })
    onFullDisk(layout.log, 0, (ballast) => {
      commit()
      commit()
      rmSync(ballast)
      writeFileSync(commits, '{"half":')
      commit()
      let now = Date.now()
      const read = () => {
        const options = { layout, lookUpNames: async () => new Map(), syslogCommand: () => ['cat'] }
        const records = new Records(options, new GuardWatch(layout))
        for (let i = 0; i < 2; i++) {
          now += 1_500
          records.step(now)
        }
        const { disk, unreadable } = records.status().lost
        records.close()
        return [disk, unreadable]
      }
      assert.deepEqual(
        [read(), read()],
        [
          [2, 1],
          [0, 0],
        ],
      )
    })
  })
})
