import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from '@lydell/node-pty'
import { execa } from 'execa'
import { ownCommand } from '../../../src/base/own-command.ts'
import { ActivationListener } from '../../../src/services/activation/listener.ts'
import { prepareFolders } from '../../../src/services/folders.ts'
import { KEYS, type Running, serveApi } from '../daemon/api/support/gateway.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const POLICY = JSON.stringify({ version: 1, allow: { domains: ['example.com'] } })
/** Of root, before it looks at the policy. */
const WAIT = 'sleep 1.5; exec "$@"'

describe('the progress of policy push', () => {
  const folder = tempFolder()
  let api: Running
  let root: ActivationListener
  let command: string[]
  let unseen: Promise<{ readonly stdout: string; readonly stderr: string }>
  before(async () => {
    api = await serveApi({}, {}, undefined, 100)
    prepareFolders(api.layout)
    const program = ['env', `CLAWGRESS_ROOT=${api.layout.root}`, ...ownCommand('activation-request')]
    root = new ActivationListener(api.layout, ['sh', '-c', WAIT, 'sh', ...program])
    await root.look()
    const [policy, key] = [join(folder(), 'policy.json'), join(folder(), 'key')]
    writeFileSync(policy, POLICY)
    writeFileSync(key, KEYS.admin, { mode: 0o600 })
    const words = ['policy', 'push', policy, '--url', `http://127.0.0.1:${api.port}`, '--key-file', key]
    command = ['--import', 'tsx', 'src/cli/main.ts', ...words]
    unseen = execa(process.execPath, command, { reject: false })
  })
  after(async () => {
    root.close()
    await api.close()
  })

  it('is told on a terminal, in a line that is gone at the end', async function () {
    // Three programs start, each from its sources.
    this.timeout(60_000)
    const terminal = spawn(process.execPath, command, { cols: 100, rows: 40 })
    let shown = ''
    terminal.onData((data) => {
      shown += data
    })
    await new Promise((resolve) => terminal.onExit(resolve))
    const lines = shown.split('\r')
    assert.ok(lines.includes(`sent ${POLICY.length} B; proving, 0 s\x1b[K`), shown)
    assert.ok(lines.includes(`sent ${POLICY.length} B; proving, 1 s\x1b[K`), shown)
    assert.match(shown, /\r\x1b\[K[^\r]*\(config\.missing\)\r\n$/)
  })

  it('is told to nobody else', async () => {
    const { stderr, stdout } = await unseen
    assert.equal(stdout, '')
    assert.match(stderr, /^[^\r\n]*\(config\.missing\)$/)
  })
})
