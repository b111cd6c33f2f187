import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { layoutBelow, runtimePaths } from '../../../../src/base/layout.ts'
import { Joiner, WINDOWS } from '../../../../src/daemon/records/joiner.ts'
import { Recent } from '../../../../src/daemon/records/reading/recent.ts'
import { Recorder } from '../../../../src/daemon/records/recorder.ts'
import { tempFolder } from '../temp-folder.ts'

const HOUR = 3_600_000
const T = Date.parse('2026-11-22T12:00:00Z')

describe('a clock that is set back', () => {
  const folder = tempFolder()
  let recorder: Recorder | undefined
  afterEach(() => recorder?.close())

  it('holds up no record, no number of repeats and no place in a log', () => {
    const layout = layoutBelow(folder())
    const { decisions, namedDenials } = runtimePaths(layout)
    for (const path of [join(layout.named, 'log'), layout.log]) mkdirSync(path, { recursive: true })
    recorder = new Recorder({ layout, lookUpNames: async () => new Map(), syslogCommand: () => ['cat'] })
    const deny = (name: string, time: number) =>
      appendFileSync(
        namedDenials,
        `${new Date(time).toISOString()} rpz: info: client @0x7f16 10.77.0.2#4000 (${name}): view default: rpz QNAME NXDOMAIN rewrite ${name}/A/IN via ${name}.d\n`,
      )
    const told = () => (existsSync(decisions) ? readFileSync(decisions, 'utf8').split('\n').length - 1 : 0)
    deny('before.test', T)
    recorder.step(T)
    assert.equal(told(), 0)
    recorder.step(T - HOUR)
    assert.equal(told(), 1)
    deny('after.test', T - HOUR + 10)
    recorder.step(T - HOUR + 10)
    recorder.step(T - HOUR + 200)
    assert.equal(told(), 2)
    deny('after.test', T - HOUR + 300)
    recorder.step(T - HOUR + 600)
    recorder.step(T - HOUR + 3_000)
    assert.equal(told(), 3)
    recorder.step(T - HOUR + 4_000)
    const { offset } = JSON.parse(readFileSync(join(layout.log, 'named-denials.place'), 'utf8')) as { offset: number }
    assert.equal(offset, readFileSync(namedDenials).length)
  })

  it('lets repeats be told that were told about before', () => {
    const joiner = new Joiner()
    const line = { source: 'named', client: '10.77.0.2', name: 'evil.test', time: T } as const
    joiner.add(line, T)
    const [incident] = joiner.takeDue(T + WINDOWS.gather)
    Object.assign(incident!, { id: 'x', count: 0, toldAt: T + WINDOWS.gather })
    joiner.add({ ...line, time: T + 500 }, T + 500)
    assert.equal(joiner.takeRepeated(T - HOUR).length, 1)
  })

  it('lets nothing be remembered for longer', () => {
    const recent = new Recent<string>(1_000, 100)
    recent.set('old', 'a', T)
    recent.set('new', 'b', T - HOUR)
    assert.deepEqual([recent.get('old', T - HOUR), recent.get('new', T - HOUR)], [undefined, 'b'])
  })
})
