import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Layout, layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { generationFolder } from '../../../src/pinner/policy/generation-folder.ts'

const ID = '0123456789abcdef'

describe('the folders that the pinner takes a policy from', () => {
  let layout: Layout
  let generations: string
  let folder: string

  beforeEach(() => {
    layout = layoutBelow(mkdtempSync(join(tmpdir(), 'clawgress-pinner-')))
    generations = runtimePaths(layout).generations
    folder = join(generations, ID)
    mkdirSync(folder, { recursive: true })
  })
  afterEach(() => rmSync(layout.root, { recursive: true }))

  const refuses = (dir: string, why: RegExp) =>
    assert.throws(() => generationFolder(layout, dir), { name: 'ClawgressError', message: why })

  it('are generations that root made', () => {
    assert.equal(generationFolder(layout, folder), folder)
  })

  it('lie below the run folder and are named by a generation', () => {
    const elsewhere = join(layout.root, ID)
    mkdirSync(elsewhere)
    const strange = [elsewhere, `${folder}/..`, `${folder}/`, `${folder}/plan`, generations, `${generations}/../${ID}`]
    for (const dir of [...strange, '/', '', 'generations', `${folder}0`, folder.toUpperCase(), `${folder}\0`])
      refuses(dir, /is no generation below/)
    refuses(join(generations, 'ffffffffffffffff'), /There is no generation/)
  })

  it('are folders, not links to others', () => {
    const link = join(generations, 'ffffffffffffffff')
    symlinkSync(folder, link)
    refuses(link, /not a folder of root's alone/)
  })

  for (const [what, spoil] of [
    ['belongs to someone else', (path: string) => chownSync(path, 65_534, 65_534)],
    ['is writable by a group', (path: string) => chmodSync(path, 0o775)],
    ['is writable by everyone', (path: string) => chmodSync(path, 0o757)],
  ] as const) {
    it(`are root's alone: refuses one that ${what}, or lies in such a folder`, () => {
      spoil(folder)
      refuses(folder, /not a folder of root's alone/)
      rmSync(folder, { recursive: true })
      mkdirSync(folder)
      spoil(generations)
      refuses(folder, /not a folder of root's alone/)
    })
  }
})
