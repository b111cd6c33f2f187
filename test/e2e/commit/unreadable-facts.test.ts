import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'mocha'

const source = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href)

/** Runs a module in a process that may neither ask the kernel for its rules nor find any program. */
function runBlind(module: string) {
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', module]
  return spawnSync('setpriv', ['--bounding-set=-net_admin', '--inh-caps=-net_admin', 'env', 'PATH=/nowhere', ...node], {
    encoding: 'utf8',
    timeout: 30_000,
  })
}

describe('a router whose state cannot be read at all', () => {
  it('is one failure, which the commit handles, however many reads fail', () => {
    const { stdout, stderr, status } = runBlind(`
      import { readSystemFacts } from ${source('conf_mode/system/system-facts.ts')}
      await readSystemFacts().then(() => console.log('was read'), () => console.log('was handled'))
    `)
    assert.deepEqual([stdout, stderr, status], ['was handled\n', '', 0])
  })

  it('is one failure, which the commit handles, also where the policy cannot be read for a reason of its own', () => {
    const { stdout, stderr, status } = runBlind(`
      import { verify } from ${source('conf_mode/verify.ts')}
      import { layoutBelow } from ${source('base/layout.ts')}
      const proposed = { get 'policy-file'() { throw new Error('broken') } }
      await verify({ proposed, pki: null }, layoutBelow('/nowhere')).catch(() => console.log('was handled'))
    `)
    assert.deepEqual([stdout, stderr, status], ['was handled\n', '', 0])
  })
})
