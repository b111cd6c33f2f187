import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { tempFolder } from '../daemon/temp-folder.ts'

describe('the files of policy push', () => {
  const folder = tempFolder()

  it('are refused where they are pipes, without waiting for somebody to write', async () => {
    const [pipe, key, policy] = ['pipe', 'key', 'policy.json'].map((name) => join(folder(), name))
    await execa('mkfifo', [pipe!])
    writeFileSync(key!, 'abc', { mode: 0o600 })
    writeFileSync(policy!, '{}')
    for (const [file, keyFile] of [
      [pipe!, key!],
      [policy!, pipe!],
    ] as const) {
      const words = ['policy', 'push', file, '--url', 'https://127.0.0.1:1', '--key-file', keyFile]
      const { exitCode, stderr } = await execa(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...words], {
        reject: false,
        timeout: 20_000,
      })
      assert.match(stderr, /pipe: This is not a regular file/)
      assert.notEqual(exitCode, undefined)
    }
  })
})
