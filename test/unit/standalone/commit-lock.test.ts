import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { takeLock } from '../../../src/standalone/session/commit-lock.ts'
import { SessionFixture } from './session-fixture.ts'

const HOLDER = `
const { takeLock } = await import('./src/standalone/session/commit-lock.ts')
process.stdout.write(takeLock(process.argv[1]) === undefined ? 'refused' : 'taken')
setInterval(() => {}, 1000)
`

describe('the lock on commits', () => {
  const fixture = new SessionFixture()
  const { run, configuring } = fixture
  const file = () => join(fixture.folder, 'run/clawgress/config/commit.lock')

  it('refuses a second commit, also one of the same process', async () => {
    const shell = await configuring('set service demo')
    const release = takeLock(file())!
    assert.equal(takeLock(file()), undefined)
    assert.match(await run(shell, 'commit'), /temporarily locked due to another commit in progress/)
    release()
    assert.equal(await run(shell, 'commit'), '')
  })

  it('ends with its holder, however that ends', async () => {
    const words = ['--import', 'tsx', '--input-type=module', '-e', HOLDER, file()]
    const holder = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [said] = (await once(holder.stdout, 'data')) as [Buffer]
      assert.equal(said.toString(), 'taken')
      assert.equal(takeLock(file()), undefined)
    } finally {
      holder.kill('SIGKILL')
    }
    await once(holder, 'exit')
    const release = takeLock(file())
    assert.ok(release)
    release()
  })

  it('is never removed, so that nobody can take one that somebody else has just taken', () => {
    mkdirSync(join(file(), '..'), { recursive: true })
    const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8')
    writeFileSync(file(), `${process.pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`)
    const first = takeLock(file())
    assert.ok(first, 'what the file says holds nothing')
    first()
    assert.ok(readFileSync(file(), 'utf8').startsWith(`${process.pid} `))
  })
})
