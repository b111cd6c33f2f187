import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { switchCurrent, writeGeneration } from '../../../src/conf_mode/generation.ts'
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

describe('the policy over the API, where the configuration has a share in it', () => {
  const folder = tempFolder()
  it('is printed once for each generation, however often it is asked for', () => {
    const layout = layoutBelow(folder())
    const commit = (name: string) => {
      const { policy } = parsePolicy(Buffer.from(JSON.stringify({ version: 1, allow: { domains: [name] } })))
      const plan = compilePlan(policy, testSettings)
      const sources = { nodes: { allow: { domain: { [name]: {} } } } }
      const input = { proposed: null, effective: null, pki: null, dry_run: false }
      const parts = { policy, sources, input, api: undefined, why: undefined, alerts: undefined }
      switchCurrent(layout, writeGeneration(layout, plan, parts))
      return plan.generation
    }
    const views = apiViews(layout, { live: () => undefined, status: () => IDLE_DAEMON })
    const read = () => {
      const live = views.policy()
      assert.ok('text' in live)
      return { ...live, names: JSON.parse(live.text.toString()).allow.domains as string[] }
    }
    const first = commit('one.example')
    assert.deepEqual([read().generation, read().names], [first, ['one.example']])
    assert.equal(read().text, read().text)
    const second = commit('two.example')
    assert.deepEqual([read().generation, read().names], [second, ['two.example']])
  })
})
