import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'mocha'
import { Lab } from '../../../src/standalone/lab/lab.ts'
import { namespaceExists } from '../../../src/standalone/lab/namespace.ts'
import { clawgressProgram } from '../../../src/standalone/lab/process.ts'
import { labPaths, NODES, namespaceOf } from '../../../src/standalone/lab/topology.ts'
import { labDown } from '../../../src/standalone/lab/up.ts'
import { ensureBundle } from '../support/bundle.ts'
import { freshLabName } from '../support/lab.ts'

/** A demo under way, in a process group of its own, as a terminal would start it. */
class Demo {
  text = ''
  private readonly child: ChildProcess
  private wake: () => void = () => undefined

  constructor(name: string, ...options: string[]) {
    const [node, bundle] = clawgressProgram()
    this.child = spawn(node, [bundle, 'lab', 'demo', name, ...options], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.text += text
        this.wake()
      })
    }
    this.child.once('exit', () => this.wake())
  }

  async shows(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) {
      assert.equal(this.child.exitCode, null, `the demo ended too early:\n${this.text}`)
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }

  /** Sends a signal to the whole group, as Ctrl-C does. */
  signal(name: NodeJS.Signals): void {
    process.kill(-this.child.pid!, name)
  }

  async end(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode
    await once(this.child, 'exit')
    return this.child.exitCode
  }
}

function assertNothingLeft(name: string): void {
  const paths = labPaths(name)
  for (const node of NODES) {
    assert.equal(namespaceExists(namespaceOf(name, node)), false)
    assert.equal(existsSync(`/etc/netns/${namespaceOf(name, node)}`), false)
  }
  for (const path of [paths.folder, paths.gatewayNamed, paths.internetNamed])
    assert.equal(existsSync(path), false, path)
}

describe('the demo', function () {
  this.timeout(240_000)
  const name = freshLabName()
  before(ensureBundle)
  after(() => labDown(name))

  it('types what a user types, has every row as expected, and leaves nothing behind', async () => {
    const demo = new Demo(name)
    assert.equal(await demo.end(), 0, demo.text)
    for (const command of [
      'configure',
      'set service clawgress policy-file /config/policy.json',
      'set service clawgress client interface eth1',
      'commit',
      'save',
      'exit',
      'show clawgress status',
      'clawgress policy import /config/without-anthropic.json',
    ]) {
      assert.match(demo.text, new RegExp(`^\\S+@gateway\\S+ ${command.replaceAll('.', '\\.')}$`, 'm'))
    }
    const [, good, all] = /^(\d+) of (\d+) as expected\.$/m.exec(demo.text) ?? []
    assert.equal(good, all)
    assert.equal(demo.text.split('\n').filter((line) => line.startsWith('ok ')).length, Number(all))
    assertNothingLeft(name)
  })

  it('cleans up after a Ctrl-C in the middle, and says so by its exit status', async () => {
    const demo = new Demo(name)
    await demo.shows(/^ok {3}https to a listed name/m)
    demo.signal('SIGINT')
    assert.equal(await demo.end(), 130, demo.text)
    assertNothingLeft(name)
  })

  it('cleans up after a Ctrl-C while the lab is being built', async () => {
    const demo = new Demo(name)
    await demo.shows(/Building the lab/)
    demo.signal('SIGINT')
    assert.equal(await demo.end(), 130, demo.text)
    assertNothingLeft(name)
  })

  it('runs to its end after a run that was killed, and keeps the lab where that is wanted', async () => {
    const killed = new Demo(name)
    await killed.shows(/^ok {3}https to a listed name/m)
    killed.signal('SIGKILL')
    await killed.end()
    const demo = new Demo(name, '--keep')
    assert.equal(await demo.end(), 0, demo.text)
    for (const hint of ['enter shell', 'enter agent1', 'enter gateway', 'down'])
      assert.ok(demo.text.includes(`lab ${hint}`))
    const lab = Lab.attach(name)
    assert.equal((await lab.agent(1).fetch('https://api.openai.com/')).status, 200)
    await lab.down()
    assertNothingLeft(name)
  })
})
