import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { assetsRoot } from '../../src/base/assets.ts'

/** Folders of `src/`, lowest first; a file may import from its own folder and from lower levels. */
const LEVELS = [
  ['base'],
  ['policy', 'vyos'],
  ['plan'],
  ['dns', 'firewall', 'proxy'],
  ['services'],
  ['pinner', 'daemon', 'conf_mode', 'op_mode', 'registration'],
  ['standalone', 'cli'],
]
/** Nothing on its own level: it is on the path of every DNS answer and stays small. */
const ALONE = ['pinner']

interface Import {
  readonly file: string
  readonly from: string
  readonly to: string
}

const level = (folder: string): number => LEVELS.findIndex((folders) => folders.includes(folder))

/** Every import of a source of ours, static, dynamic and type-only, between folders of `src/`. */
function importsBetweenFolders(files: ReadonlyMap<string, string>): Import[] {
  const found: Import[] = []
  for (const [file, text] of files) {
    const from = file.split('/')[0]!
    for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*['"](\.[^'"]+)['"]/g)) {
      const to = normalize(join(dirname(file), specifier!)).split('/')[0]!
      if (to !== from) found.push({ file, from, to })
    }
  }
  return found
}

/** Sentences about imports that point up, or around in a circle on one level. */
function violations(imports: readonly Import[]): string[] {
  const sentences = imports
    .filter(({ from, to }) => level(to) < 0 || level(from) < 0 || level(to) > level(from))
    .map(({ file, to }) => `src/${file} imports from ${to}, which is above it`)
  const sideways = imports.filter(({ from, to }) => level(from) === level(to))
  for (const { file, from, to } of sideways) {
    if (ALONE.includes(from)) sentences.push(`src/${file} imports from ${to}, but ${from} imports nothing of its level`)
    if (reaches(sideways, to, from)) sentences.push(`src/${file} imports from ${to}, which imports from ${from}`)
  }
  return sentences
}

function reaches(edges: readonly Import[], start: string, goal: string): boolean {
  const seen = new Set([start])
  for (const folder of seen) for (const { from, to } of edges) if (from === folder) seen.add(to)
  return seen.has(goal)
}

describe('the layers', () => {
  const root = join(assetsRoot(), 'src')
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const files = new Map(sources.map((file) => [file, readFileSync(join(root, file), 'utf8')]))

  it('import one way', () => {
    const imports = importsBetweenFolders(files)
    assert.ok(imports.length > 50, `only ${imports.length} imports were found`)
    assert.deepEqual(violations(imports), [])
  })

  it('hold every folder of src/', () => {
    const folders = new Set([...files.keys()].map((file) => file.split('/')[0]!))
    assert.deepEqual(
      [...folders].filter((folder) => level(folder) < 0),
      [],
    )
  })

  it('are checked by something that sees what is wrong', () => {
    const check = (entries: Record<string, string>) =>
      violations(importsBetweenFolders(new Map(Object.entries(entries))))
    assert.equal(check({ 'dns/a.ts': "import { x } from '../plan/types.ts'" }).length, 0)
    assert.equal(check({ 'dns/a.ts': "import type { X } from '../pinner/x.ts'" }).length, 1)
    assert.equal(check({ 'dns/deep/a.ts': "const x = await import('../../cli/x.ts')" }).length, 1)
    assert.equal(check({ 'plan/a.ts': "export * from '../services/x.ts'" }).length, 1)
    assert.equal(check({ 'pinner/a.ts': "import '../daemon/x.ts'" }).length, 1)
    assert.equal(check({ 'daemon/a.ts': "import '../pinner/x.ts'" }).length, 0)
    assert.equal(
      check({ 'daemon/a.ts': "import '../op_mode/x.ts'", 'op_mode/b.ts': "import '../daemon/y.ts'" }).length,
      2,
    )
  })
})
