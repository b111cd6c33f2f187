import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'mocha'

const source = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href)

describe('a systemd that does not answer', () => {
  it('is a failure with what systemctl says, and no program is taken for stopped', () => {
    const module = `
      import { systemdServices } from ${source('services/systemd.ts')}
      import { layoutBelow } from ${source('base/layout.ts')}
      await systemdServices(layoutBelow('/nowhere')).status().then(console.log, ({ message }) => console.log(message))
    `
    // A machine of which systemd is not the first process, whatever this one is.
    const hidden = ['--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /run && exec "$@"', 'sh']
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', module]
    const { stdout, stderr } = spawnSync('unshare', [...hidden, ...node], { encoding: 'utf8', timeout: 30_000 })
    assert.equal(stderr, '')
    assert.match(
      stdout,
      /^systemd does not tell the state of clawgress-named\.service, .*: System has not been booted.*apply\.service\)\n$/,
    )
  })
})
