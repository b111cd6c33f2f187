import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { apiViews } from '../../../src/op_mode/api-views.ts'
import { compilePlan } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { IDLE_DAEMON } from '../../support/idle-daemon.ts'
import { testSettings } from '../daemon/settings.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const { policy } = parsePolicy(Buffer.from('{"version":1}'))
const PLAN = compilePlan(policy, testSettings, { policyFile: '/config/policy.json' })

describe('the status over the API', () => {
  const folder = tempFolder()
  it('tells of the policy file what the guard saw of it since the last commit', async () => {
    const layout = layoutBelow(folder())
    mkdirSync(layout.run, { recursive: true })
    const unknown = { unknown: 'It could not be asked.' }
    const seen = { ruleset: unknown, counters: unknown, clientQueries: unknown, units: unknown }
    const state = async (ageMs: number, policyFile?: object) => {
      const report = { ...seen, seenAt: Date.now() - ageMs, policyFile }
      writeFileSync(runtimePaths(layout).guardReport, JSON.stringify(report))
      const since = new Date(Date.now() - 5_000)
      const { status } = apiViews(layout, { live: () => ({ plan: PLAN, since }), status: () => IDLE_DAEMON })
      const { policyFileState, troubles } = await status()
      return [policyFileState, troubles.some((trouble) => trouble.includes('/config/policy.json'))]
    }
    const path = '/config/policy.json'
    assert.deepEqual(await state(0, { state: 'same', path }), ['same', false])
    assert.deepEqual(await state(0, { state: 'changed', path }), ['changed', true])
    assert.deepEqual(await state(0, { state: 'missing', path }), ['missing', true])
    assert.deepEqual(await state(8_000, { state: 'changed', path }), ['unknown', false])
    for (const nothing of [undefined, { state: 'none' }, unknown])
      assert.deepEqual(await state(0, nothing), ['unknown', false])
  })
})
