import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { vyosTree } from '../../../build/vyos-tree.ts'
import { assetsRoot } from '../../../src/base/assets.ts'

const root = assetsRoot()
const run = (...args: string[]) =>
  execa(process.execPath, ['--import', 'tsx', join(root, 'build/vyos-templates.ts'), ...args], {
    cwd: root,
    reject: false,
  })

describe('what VyOS gets of our definitions', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-vyos-tree-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const filesBelow = (path: string): string[] =>
    (readdirSync(path, { recursive: true, withFileTypes: true }) as import('node:fs').Dirent[])
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))

  it('leaves every node that VyOS shares to VyOS', () => {
    const templates = [...vyosTree().keys()].filter((path) => path.startsWith('templates-'))
    assert.ok(templates.length > 20)
    for (const path of templates) {
      assert.match(path, /^templates-(cfg\/service|op\/[a-z]+)\/clawgress\/(.+\/)?node\.def$/)
    }
  })

  it('has no node.def without content, which would hide its node from the completion', () => {
    for (const [path, text] of vyosTree()) assert.notEqual(text, '', path)
  })

  it('calls the owner through the shim of VyOS', () => {
    assert.equal(
      vyosTree().get('templates-cfg/service/clawgress/node.def'),
      `priority: 990
help: Egress allowlist gateway for AI agents
end: sudo sh -c "\${vyshim} \${vyos_conf_scripts_dir}/service_clawgress.py"
`,
    )
  })

  it('brings the definitions with their includes for the tools on the box', () => {
    const definitions = [...vyosTree()].filter(([path]) => path.endsWith('.xml'))
    assert.deepEqual(definitions.map(([path]) => path).sort(), [
      'interface-definitions/service_clawgress.xml',
      'interface-definitions/xml-component-version.xml',
      'op-mode-definitions/clawgress-alerts.xml',
      'op-mode-definitions/clawgress-records.xml',
      'op-mode-definitions/clawgress.xml',
    ])
    for (const [path, text] of definitions) assert.equal(/^ *#include/m.test(text), false, path)
  })

  /** Runs the command of the documentation that holds `wanted`, with the folders of this test. */
  async function runDocumented(wanted: string): Promise<void> {
    const page = readFileSync(join(root, 'docs/definitions.md'), 'utf8')
    const shown = page.split('\n').filter((line) => line.startsWith('node ') && line.includes(wanted))
    assert.equal(shown.length, 1, wanted)
    const data = join(root, 'test/data/vyos-templates')
    const [, , , , ...args] = shown[0]!
      .replace('vyos-1x/interface-definitions', join(data, 'config'))
      .replace('vyos-1x/op-mode-definitions', join(data, 'op'))
      .replace(/OUT$/, folder)
      .split(' ')
    const { exitCode, stderr } = await run(...args)
    assert.equal(exitCode, 0, stderr)
  }

  it('is written by the documented command, the same each time', async () => {
    await runDocumented('vyos-templates.ts OUT')
    const written = filesBelow(folder).map((path) => [path, readFileSync(join(folder, path), 'utf8')] as const)
    assert.deepEqual(new Map([...written].sort()), new Map([...vyosTree()].sort()))
  })

  it('is made of any other definitions by the documented commands', async () => {
    await runDocumented('--config')
    assert.ok(filesBelow(folder).includes('service/plain/instance/node.tag/size/node.def'))
    await runDocumented('--op')
    assert.ok(filesBelow(folder).includes('ping/node.tag/node.def'))
  })

  for (const [name, args, exitCode, wanted] of [
    ['an input without output', ['--config', 'x'], 2, /^Usage: /],
    ['an input that is missing', ['--config', '/nonexistent', '/nonexistent'], 1, /ENOENT.*\/nonexistent/],
  ] as const) {
    it(`tells how it is called, without a stack trace, for ${name}`, async () => {
      const result = await run(...args)
      assert.equal(result.exitCode, exitCode)
      assert.match(result.stderr, wanted)
      assert.equal(/^ +at /m.test(result.stderr), false)
    })
  }
})
