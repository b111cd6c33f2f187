import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { MAX_PACKED_BYTES, readArchive, writeArchive } from '../../../src/base/archive-file.ts'
import { layoutBelow } from '../../../src/base/layout.ts'
import { packTar } from '../../../src/base/tar.ts'
import { readBackup } from '../../../src/conf_mode/backup/contents.ts'
import { putFiles } from '../../../src/conf_mode/backup/restored-files.ts'
import { appendHistory } from '../../../src/conf_mode/policy/history.ts'
import { ConfigTree, loadDefinitions } from '../../../src/vyos/index.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

describe('a backup of somebody else', () => {
  const folder = tempFolder()

  it('is not read where it is larger than ours are, and not unpacked where it is another archive', () => {
    const file = join(folder(), 'large')
    writeFileSync(file, '')
    truncateSync(file, MAX_PACKED_BYTES + 1)
    assert.throws(() => readArchive(file), /is longer than 134217728 bytes/)
    // Cut off, which is found out when all of it is unpacked.
    const other = packTar([{ path: 'other', content: randomBytes(1 << 20) }], new Date())
    writeFileSync(file, gzipSync(other).subarray(0, 1 << 19))
    assert.throws(() => readArchive(file), /It is damaged/)
    assert.throws(() => readBackup(file, loadDefinitions()), /It does not begin with manifest\.json/)
  })

  it('is not written where it could not be read again', () => {
    const content = Buffer.alloc(100 << 20)
    const members = ['a', 'b', 'c', 'd', 'e', 'f'].map((path) => ({ path, content }))
    const write = () => writeArchive(join(folder(), 'unreadable'), members, new Date())
    assert.throws(write, /too large to be read again/)
  })

  it('does not use up the numbers of the history, so that its own backup can be restored', () => {
    const layout = layoutBelow(join(folder(), 'machine'))
    for (const path of [layout.config, layout.run]) mkdirSync(path, { recursive: true })
    const meta = Buffer.from(JSON.stringify({ generation: 'f'.repeat(16), time: new Date().toISOString() }))
    const history = new Map([
      [`999999999-${'f'.repeat(16)}`, new Map([['meta.json', meta]])],
      [`7-${'e'.repeat(16)}`, new Map([['meta.json', meta]])],
    ])
    const contents = { created: new Date().toISOString(), section: ConfigTree.empty, files: [], history }
    putFiles(layout, contents, { section: null, unchanged: false })
    const names = () => readdirSync(join(layout.state, 'history')).sort()
    assert.deepEqual(names(), [`1-${'e'.repeat(16)}`, `2-${'f'.repeat(16)}`])
    const generation = join(folder(), 'generation')
    mkdirSync(generation)
    const entry = { generation: '0'.repeat(16), time: new Date().toISOString(), user: 'root', summary: '' }
    assert.equal(appendHistory(layout, entry, generation).number, 3)
  })
})
