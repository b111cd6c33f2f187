import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Tail } from '../../../../src/daemon/records/sources/tail.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { tempFolder } from '../temp-folder.ts'

describe('a followed log', () => {
  const folder = tempFolder()
  let number = 0
  let path: string
  const tails: Tail[] = []

  const follow = (options: { punch?: boolean; maxLine?: number } = {}) => {
    const tail = new Tail({ path, bookmark: `${path}.place`, ...options })
    tails.push(tail)
    return tail
  }
  const read = (tail: Tail): string[] => {
    const lines: string[] = []
    while (tail.poll((line) => lines.push(line)));
    return lines
  }

  beforeEach(() => {
    path = join(folder(), `log${number++}`)
  })
  afterEach(() => {
    for (const tail of tails.splice(0)) tail.close()
  })

  it('that does not exist yet is read from its start once it does', () => {
    const tail = follow()
    assert.deepEqual(read(tail), [])
    writeFileSync(path, 'a\nb\n')
    assert.deepEqual(read(tail), ['a', 'b'])
  })

  it('gives half a line only when it is whole', () => {
    const tail = follow()
    writeFileSync(path, 'one\ntw')
    assert.deepEqual(read(tail), ['one'])
    appendFileSync(path, 'o')
    assert.deepEqual(read(tail), [])
    appendFileSync(path, '\nthree\nfo')
    assert.deepEqual(read(tail), ['two', 'three'])
  })

  it('that is renamed is read to its end, and then the new one', () => {
    const tail = follow()
    writeFileSync(path, 'a\n')
    assert.deepEqual(read(tail), ['a'])
    appendFileSync(path, 'b\n')
    renameSync(path, `${path}.0`)
    writeFileSync(path, 'c\n')
    appendFileSync(`${path}.0`, 'late\n')
    assert.deepEqual(read(tail), ['b', 'late', 'c'])
  })

  const turnOver = (first: number, most: number) => {
    for (let i = most; i > first; i--)
      if (existsSync(`${path}.${i - 1}`)) renameSync(`${path}.${i - 1}`, `${path}.${i}`)
    renameSync(path, `${path}.${first}`)
  }

  for (const [program, first] of [
    ['named', 0],
    ['logrotate', 1],
  ] as const)
    it(`that ${program} has turned over many times between two looks is read file by file, the oldest first`, () => {
      writeFileSync(path, 'long ago\n')
      turnOver(first, 12)
      writeFileSync(path, 'a\n')
      const tail = follow()
      assert.deepEqual(read(tail), ['a'])
      appendFileSync(path, 'b\n')
      for (const line of [...'cdefghijk', 'l'].map((letter) => `${letter}\n`)) {
        turnOver(first, 14)
        writeFileSync(path, line)
      }
      assert.deepEqual(read(tail), [...'bcdefghijkl'])
      assert.equal(tail.counts.gaps, 0)
    })

  it('that was turned over many times while nobody read is read file by file after the restart', () => {
    writeFileSync(path, 'a\n')
    const before = follow()
    read(before)
    before.save(before.place())
    for (const line of ['b\n', 'c\n', 'd\n']) {
      turnOver(0, 3)
      writeFileSync(path, line)
    }
    const after = follow()
    assert.deepEqual(read(after), ['b', 'c', 'd'])
    assert.equal(after.counts.gaps, 0)
  })

  /** Files that are made after this were plainly born later. */
  const age = () =>
    until('the clock of the filesystem goes on', 15_000, () => {
      writeFileSync(`${path}-probe`, '')
      const { birthtimeMs } = statSync(`${path}-probe`)
      rmSync(`${path}-probe`)
      return birthtimeMs > statSync(path).birthtimeMs
    })

  it('of which files are gone before they were read goes on with the oldest there is, and counts the gap', async () => {
    for (const isRestarted of [false, true]) {
      writeFileSync(path, 'a\n')
      await age()
      const before = follow()
      read(before)
      before.save(before.place())
      for (const line of ['b\n', 'c\n', 'd\n', 'e\n']) {
        turnOver(0, 2)
        rmSync(`${path}.2`, { force: true })
        writeFileSync(path, line)
      }
      const tail = isRestarted ? follow() : before
      assert.deepEqual(read(tail), ['c', 'd', 'e'])
      assert.equal(tail.counts.gaps, 1)
    }
  })

  it('that was removed does not have its older files read again', async () => {
    writeFileSync(path, 'old\n')
    const tail = follow()
    assert.deepEqual(read(tail), ['old'])
    await age()
    turnOver(0, 2)
    writeFileSync(path, 'a\n')
    assert.deepEqual(read(tail), ['a'])
    rmSync(path)
    writeFileSync(path, 'b\n')
    assert.deepEqual(read(tail), ['b'])
    assert.equal(tail.counts.gaps, 0)
  })

  it('that is cut short is read from its start', () => {
    const tail = follow()
    writeFileSync(path, 'first line\n')
    assert.deepEqual(read(tail), ['first line'])
    truncateSync(path)
    appendFileSync(path, 'new\n')
    assert.deepEqual(read(tail), ['new'])
    assert.equal(tail.counts.rotations, 1)
  })

  it('that is deleted and made again is read from its start', () => {
    const tail = follow()
    writeFileSync(path, 'a\n')
    assert.deepEqual(read(tail), ['a'])
    rmSync(path)
    assert.deepEqual(read(tail), [])
    writeFileSync(path, 'b\n')
    assert.deepEqual(read(tail), ['b'])
  })

  it('goes on after a restart where it was, in the middle of a line too', () => {
    writeFileSync(path, 'a\nb\nhal')
    const before = follow()
    assert.deepEqual(read(before), ['a', 'b'])
    before.save(before.place())
    appendFileSync(path, 'f\n')
    assert.deepEqual(read(follow()), ['half'])
  })

  it('that was renamed while nobody read is finished after the restart', () => {
    writeFileSync(path, 'a\n')
    const before = follow()
    read(before)
    before.save(before.place())
    appendFileSync(path, 'b\n')
    // As of a file that is gone when it is looked at.
    symlinkSync('nowhere', `${path}.-`)
    renameSync(path, `${path}.0`)
    writeFileSync(path, 'c\n')
    assert.deepEqual(read(follow()), ['b', 'c'])
  })

  it('that was replaced while nobody read is read from its start, although it is longer', () => {
    writeFileSync(path, 'a\n')
    const before = follow()
    read(before)
    before.save(before.place())
    rmSync(path)
    writeFileSync(path, 'longer than before\n')
    assert.deepEqual(read(follow()), ['longer than before'])
  })

  it('with a spoilt bookmark is read from its start', () => {
    writeFileSync(path, 'a\n')
    writeFileSync(`${path}.place`, '{"inode":')
    assert.deepEqual(read(follow()), ['a'])
  })

  for (const [what, code, spoil, mend] of [
    ['is read-only', 'EROFS', ['-o', 'remount,ro'], ['-o', 'remount,rw']],
    ['is full', 'ENOSPC', ['-o', 'remount,nr_inodes=1'], ['-o', 'remount,nr_inodes=100']],
  ] as const)
    it(`is read on where its place cannot be kept because the disk ${what}, and the place is kept when it can`, () => {
      const places = `${path}.places`
      mkdirSync(places)
      execFileSync('mount', ['-t', 'tmpfs', 'none', places])
      try {
        const options = { path, bookmark: join(places, 'place'), punch: true }
        const tail = new Tail(options)
        tails.push(tail)
        execFileSync('mount', [...spoil, places])
        const line = `${'z'.repeat(1023)}\n`
        writeFileSync(path, line.repeat(6 * 1024))
        assert.equal(read(tail).length, 6 * 1024)
        tail.save(tail.place())
        assert.match(tail.troubles.join(), new RegExp(`^how far ${path} was read cannot be kept, .*: ${code}$`))
        const restarted = new Tail(options)
        tails.push(restarted)
        assert.equal(read(restarted).length, 6 * 1024, 'nothing was given back that is still to be read')
        appendFileSync(path, 'b\n')
        assert.deepEqual(read(tail), ['b'])
        execFileSync('mount', [...mend, places])
        tail.save(tail.place())
        assert.deepEqual(tail.troubles, [])
        appendFileSync(path, 'c\n')
        const next = new Tail(options)
        tails.push(next)
        assert.deepEqual(read(next), ['c'])
      } finally {
        execFileSync('umount', [places])
      }
    })

  it('that the disk does not give is told, costs no other log anything, and is read again when it can be', () => {
    // Of its first octets the kernel says what it says of a damaged sector.
    symlinkSync('/proc/self/mem', path)
    const tail = follow()
    assert.deepEqual([read(tail), tail.troubles], [[], [`${path} cannot be read, so there are no records of it: EIO`]])
    renameSync(path, `${path}.0`)
    assert.deepEqual([read(tail), tail.troubles.length], [[], 1])
    writeFileSync(path, 'a\n')
    assert.deepEqual([read(tail), tail.troubles], [['a'], []])
    assert.equal(tail.counts.gaps, 1, 'what the damaged file held is gone')
  })

  for (const [when, before] of [
    ['from the start', []],
    ['once it was turned over', ['a']],
  ] as const)
    it(`that nobody may open ${when} is told of, and read when it may be`, () => {
      const tail = follow()
      if (before.length > 0) writeFileSync(path, 'a\n')
      assert.deepEqual(read(tail), before)
      rmSync(path, { force: true })
      symlinkSync(path, path)
      assert.deepEqual([read(tail), tail.troubles.join().endsWith(': ELOOP')], [[], true])
      rmSync(path)
      assert.deepEqual([read(tail), tail.troubles], [[], []])
      writeFileSync(path, 'b\n')
      assert.deepEqual([read(tail), tail.counts.gaps], [['b'], 0])
    })

  it('loses overlong lines, counted, and no others', () => {
    const tail = follow({ maxLine: 10 })
    writeFileSync(path, `ok\n${'x'.repeat(11)}\nfine\n${'y'.repeat(3 << 20)}`)
    assert.deepEqual(read(tail), ['ok', 'fine'])
    appendFileSync(path, 'yyy\nafter\n')
    assert.deepEqual(read(tail), ['after'])
    assert.equal(tail.counts.overlong, 2)
  })

  it('gives back the space of what was read, and loses nothing by it', async () => {
    const line = `${'z'.repeat(1023)}\n`
    writeFileSync(path, line.repeat(6 * 1024))
    const tail = follow({ punch: true })
    assert.equal(read(tail).length, 6 * 1024)
    tail.save(tail.place())
    await until('space given back', 15_000, () => statSync(path).blocks * 512 < 2 << 20)
    assert.equal(statSync(path).size, 6 << 20)
    appendFileSync(path, 'more\n')
    assert.deepEqual(read(tail), ['more'])
    assert.ok(existsSync(`${path}.place`))
    assert.match(readFileSync(`${path}.place`, 'utf8'), /"offset":6291456/)
  })
})
