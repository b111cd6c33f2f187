import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { PlanWatch } from '../../../src/daemon/plan-watch.ts'
import { compilePlan, decide, writePlan } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { planSettings } from '../../support/plan-settings.ts'
import { tempFolder } from './temp-folder.ts'

const NAMES = 1_000_000
const GENERATIONS = 3

/** MiB of what lies outside the heap, without what waits to be collected. */
async function settledMiB(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // What the first finds is given back beside the program.
  collect()
  await setImmediate()
  collect()
  return process.memoryUsage().arrayBuffers / 2 ** 20
}

describe('the Plans that the daemon keeps', () => {
  const folder = tempFolder()

  it('are read as soon as they can be, after a pause, where they could not be once', () => {
    const layout = layoutBelow(join(folder(), 'unreadable'), '')
    const { current, generations } = runtimePaths(layout)
    const kept = join(generations, '1')
    const policy = '{"version":1,"allow":{"domains":["example.com"]}}'
    writePlan(compilePlan(parsePolicy(Buffer.from(policy)).policy, planSettings(), {}), join(kept, 'plan'))
    symlinkSync(kept, current)
    renameSync(join(kept, 'plan'), join(kept, 'elsewhere'))
    let now = 0
    const plans = new PlanWatch(layout, () => now)
    assert.equal(plans.refresh(), false)
    assert.match(plans.trouble!, /the compiled plan in .* cannot be read/)
    renameSync(join(kept, 'elsewhere'), join(kept, 'plan'))
    assert.equal(plans.refresh(), false)
    now += 2_000
    assert.equal(plans.refresh(), true)
    assert.deepEqual([plans.live === undefined, plans.trouble], [false, undefined])
  })

  it('are two of a million names at the most, and one a minute after a change', async function () {
    this.timeout(60_000)
    const layout = layoutBelow(folder(), '')
    const { current, generations } = runtimePaths(layout)
    const write = () => {
      const names = Array.from({ length: NAMES }, (_, i) => `"api${i}.svc${i % 5_000}.example.com"`)
      const text = `{"version":1,"allow":{"domains":[${names.join()}]}}`
      const plan = compilePlan(parsePolicy(Buffer.from(text)).policy, planSettings(), {})
      for (let i = 0; i < GENERATIONS; i++) writePlan(plan, join(generations, String(i), 'plan'))
    }
    mkdirSync(layout.run, { recursive: true })
    write()
    let now = 0
    const before = await settledMiB()
    const plans = new PlanWatch(layout, () => now)
    const activate = (generation: number) => {
      rmSync(current, { force: true })
      symlinkSync(join(generations, String(generation)), current)
      assert.ok(plans.refresh(), plans.trouble)
    }
    activate(0)
    const one = (await settledMiB()) - before
    assert.ok(one > 20 && one < 64, `${one} MiB`)
    for (let generation = 1; generation < GENERATIONS; generation++) {
      activate(generation)
      const two = (await settledMiB()) - before
      assert.ok(two > 1.9 * one && two < 2.1 * one, `${two} MiB`)
    }
    now += 59_000
    assert.equal(plans.refresh(), false)
    assert.equal(decide(plans.previous!, { client: '10.77.0.2', name: 'api7.svc7.example.com' }).verdict, 'allow')
    now += 2_000
    plans.refresh()
    assert.ok((await settledMiB()) - before < 1.1 * one)
    assert.equal(decide(plans.live!, { client: '10.77.0.2', name: 'api7.svc7.example.com' }).verdict, 'allow')
  })
})
