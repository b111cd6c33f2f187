import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { type Layout, layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { checkCandidate } from '../../../src/conf_mode/policy/import-policy.ts'
import { configDict, loadDefinitions, parseConfig } from '../../../src/vyos/index.ts'
import { Namespace } from '../support/netns.ts'
import { policyOf } from '../support/reach.ts'

const CONFIG = 'client {\n interface eth1\n }\n dns {\n root-hints /config/hints\n trust-anchors /config/anchors\n }\n'
const FIRST = 'a'.repeat(16)
const SECOND = 'b'.repeat(16)

describe('what a policy would change', () => {
  const candidate = Buffer.from(JSON.stringify(policyOf('a.example')))
  let namespace: Namespace
  let layout: Layout

  before(() => {
    namespace = new Namespace('dry-run')
    namespace.ip('link add eth1 type veth peer name peer1')
    for (const name of ['eth1', 'peer1']) namespace.ip(`link set ${name} up`)
    namespace.ip('address add 192.0.2.1/24 dev eth1')
    layout = layoutBelow(mkdtempSync(join(tmpdir(), 'clawgress-test-')))
    mkdirSync(layout.config, { recursive: true })
    for (const name of ['hints', 'anchors']) writeFileSync(join(layout.config, name), `${name}\n`)
    const tree = parseConfig(`service {\n clawgress {\n ${CONFIG} policy-file /config/policy.json\n }\n}\n`)
    const proposed = configDict(tree, loadDefinitions(), ['service', 'clawgress'])
    const { current, generations } = runtimePaths(layout)
    for (const generation of [FIRST, SECOND]) {
      mkdirSync(join(generations, generation), { recursive: true })
      const input = JSON.stringify({ proposed, effective: null, pki: null, dry_run: false })
      writeFileSync(join(generations, generation, 'input.json'), input)
    }
    mkdirSync(dirname(current), { recursive: true })
  })
  after(() => {
    namespace?.dispose()
    if (layout !== undefined) rmSync(layout.root, { recursive: true, force: true })
  })

  const makeLive = (generation: string) => {
    const { current, generations } = runtimePaths(layout)
    rmSync(current, { force: true })
    symlinkSync(join(generations, generation), current)
  }

  it('is told for the generation that was expected, or not at all where another one becomes live meanwhile', async () => {
    makeLive(FIRST)
    const { changed } = await namespace.inside(() => checkCandidate(layout, candidate, FIRST))
    assert.equal(changed, true)
    const late = namespace.inside(() => checkCandidate(layout, candidate, FIRST))
    makeLive(SECOND)
    await assert.rejects(late, /Generation b{16} is live by now, not a{16}; .*\(policy\.outdated\)$/)
  })
})
