import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { execa } from 'execa'
import { after, before, describe, it } from 'mocha'
import { stage } from '../../../build/deb/stage.ts'
import { type Layout, layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { askDaemon } from '../../../src/daemon/status.ts'
import { prepareFolders } from '../../../src/services/folders.ts'
import { until } from '../support/lab.ts'

/** What the bundle leaves outside: its native and wasm modules are found relative to their own folders. */
const OUTSIDE = ['koffi', 'node-sqlite3-wasm']

describe('the files of the package', () => {
  let root: string
  let layout: Layout
  const program = () => join(root, 'usr/lib/clawgress')
  before(async function () {
    this.timeout(120_000)
    // Below no checkout, so that nothing is found in its node_modules.
    root = mkdtempSync(join(tmpdir(), 'clawgress-tree-'))
    chmodSync(root, 0o755)
    layout = layoutBelow(join(root, 'machine'))
    await stage(root, { version: '1.0', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', epoch: 0 })
  })
  after(() => rmSync(root, { recursive: true, force: true }))

  it('are enough for the daemon, by the Node of the package, as its user: it counts and answers', async () => {
    prepareFolders(layout)
    const daemon = execa(
      'setpriv',
      [
        ...['--reuid', 'clawgress', '--regid', 'clawgress', '--init-groups', '--'],
        ...[join(program(), 'node/bin/node'), join(program(), 'clawgress.mjs'), 'daemon'],
      ],
      { cwd: '/', env: { CLAWGRESS_ROOT: layout.root, PATH: process.env.PATH }, extendEnv: false, reject: false },
    )
    try {
      await until('the daemon answers', 30_000, async () => (await askDaemon(layout)) !== undefined)
      const counts = join(runtimePaths(layout).telemetryFolder, 'telemetry.db')
      await until('the daemon has a place for its counts', 30_000, async () => existsSync(counts))
      assert.deepEqual((await askDaemon(layout))?.troubles, [])
    } finally {
      daemon.kill('SIGTERM')
    }
    const { exitCode, stderr } = await daemon
    assert.equal(exitCode, 0, stderr)
  })

  it('tell the licences of what the bundle leaves outside', () => {
    const documentation = join(root, 'usr/share/doc/clawgress')
    const notices = gunzipSync(readFileSync(join(documentation, 'third-party-notices.gz'))).toString('utf8')
    const copyright = readFileSync(join(documentation, 'copyright'), 'utf8')
    for (const name of OUTSIDE) {
      const shipped = join(program(), 'node_modules', name, 'package.json')
      const { version, license } = JSON.parse(readFileSync(shipped, 'utf8')) as Record<string, string>
      assert.ok(copyright.includes(` ${name} ${version} (${license})`), name)
      const [, text] = notices.split(`\n${name} ${version} (${license})\n`)
      assert.match(text ?? '', /^-+\n\n[\s\S]{0,200}Copyright/, name)
    }
  })

  it('leave nothing else outside of the bundle', () => {
    const [, list] = /^ {2}external: \[(.*)\],$/m.exec(readFileSync('build/bundle.mjs', 'utf8')) ?? []
    assert.deepEqual(list?.replaceAll("'", '').split(', '), OUTSIDE)
  })
})
