import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vyosTree } from '../../../build/vyos-tree.ts'
import { ClawgressError } from '../../../src/base/errors.ts'
import { register, unregister } from '../../../src/registration/register.ts'
import { type VyosBox, vyosBox } from '../../../src/registration/vyos-box.ts'

/** Every file below a folder, except what Python keeps for itself. */
function contents(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = paths.filter((path) => statSync(join(folder, path)).isFile() && !path.includes('__pycache__'))
  return Object.fromEntries(files.sort().map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}

describe('the registration with VyOS', function () {
  this.timeout(20_000)
  let box: VyosBox

  beforeEach(() => {
    const root = mkdtempSync(join(tmpdir(), 'clawgress-box-'))
    cpSync('test/data/vyos-box', root, { recursive: true })
    box = vyosBox(root)
    for (const [path, text] of vyosTree())
      if (/^(interface|op-mode)-definitions\//.test(path)) {
        const file = join(root, '/usr/lib/clawgress/vyos', path)
        cpSync('test/data/vyos-box/usr/share/vyos/reftree.cache', file)
        writeFileSync(file, text)
      }
  })

  afterEach(() => rmSync(box.root, { recursive: true }))

  it('adds our nodes, commands and owner', async () => {
    assert.equal(await register(box), true)
    const cache = readFileSync(join(box.xmlRef, 'cache.py'), 'utf8')
    for (const name of ['interfaces', 'policy-file']) assert.ok(cache.includes(`'${name}': `), cache)
    for (const tree of box.referenceTrees) {
      const names = JSON.parse(readFileSync(tree, 'utf8'))
      assert.ok(names.includes('interfaces') && names.includes('clawgress'))
    }
    const op = JSON.parse(readFileSync(box.opCaches.json, 'utf8'))
    assert.ok(op.show.version && op.show.clawgress.status && op.reset.clawgress)
    assert.match(
      readFileSync(box.opCaches.python, 'utf8'),
      /^from .*\nop_reference = \{"show": .*\("clawgress", "node"\)/s,
    )
    assert.deepEqual(JSON.parse(readFileSync(box.configdInclude, 'utf8')).at(-1), 'service_clawgress.py')
  })

  it('changes nothing when it is done again', async () => {
    await register(box)
    const once = contents(box.root)
    await register(box)
    assert.deepEqual(contents(box.root), once)
  })

  it('is done anew from what an upgrade of VyOS wrote', async () => {
    await register(box)
    for (const tree of box.referenceTrees) writeFileSync(tree, '["interfaces", "newer"]')
    await register(box)
    await unregister(box)
    for (const tree of box.referenceTrees) assert.equal(readFileSync(tree, 'utf8'), '["interfaces", "newer"]')
  })

  it('leaves no trace when it is undone', async () => {
    const before = contents(box.root)
    await register(box)
    await unregister(box)
    await unregister(box)
    const cache = 'usr/lib/python3/dist-packages/vyos/xml_ref/cache.py'
    const after = contents(box.root)
    assert.equal(after[cache]?.trim(), before[cache]?.trim())
    assert.deepEqual({ ...after, [cache]: '' }, { ...before, [cache]: '' })
  })

  it('works with the tools of 2024, which know neither reference trees nor operational commands', async () => {
    const tool = readFileSync(box.generateCache, 'utf8')
    const older = tool
      .split('\n')
      .filter((line) => !line.includes('internal') && line !== '    json.dump(sorted(names), file)')
    writeFileSync(box.generateCache, older.join('\n'))
    for (const file of [...box.referenceTrees, box.opCaches.json]) rmSync(file)
    await register(box)
    assert.ok(existsSync(box.packageCache))
    assert.match(readFileSync(join(box.xmlRef, 'cache.py'), 'utf8'), /policy-file/)
  })

  it('fails with a sentence when a tool of VyOS fails, and leaves the owner unlisted', async () => {
    writeFileSync(box.updateCache, 'raise SystemExit("no memory")')
    await assert.rejects(register(box), (error: unknown) => {
      assert.ok(error instanceof ClawgressError)
      assert.match(error.message, /^VyOS could not take over .*update_cache\.py failed: no memory/)
      return true
    })
    assert.ok(!readFileSync(box.configdInclude, 'utf8').includes('clawgress'))
  })

  it('does nothing where there is no VyOS', async () => {
    const root = mkdtempSync(join(tmpdir(), 'clawgress-plain-'))
    try {
      assert.equal(await register(vyosBox(root)), false)
      assert.equal(await unregister(vyosBox(root)), false)
      assert.deepEqual(readdirSync(root), [])
    } finally {
      rmSync(root, { recursive: true })
    }
  })
})
