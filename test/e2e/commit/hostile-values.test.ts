import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { loadDefinitions, satisfies } from '../../../src/vyos/index.ts'
import { hostileValues } from '../../support/hostile-values.ts'
import { isOrdinaryTag, valueNodes } from '../../support/value-nodes.ts'
import { AgentWorker } from '../support/agent-worker/index.ts'
import { assertGone, commit, LAB_CONFIG, mustCommit, refusal } from '../support/commits.ts'
import { useLab } from '../support/lab.ts'
import { assertNothingUnlisted, assertReachable, policyOf } from '../support/reach.ts'

type Tree = { [name: string]: Tree | string }

describe('what somebody may have typed', () => {
  const lab = useLab()
  let worker: AgentWorker
  let folder: string
  let values: readonly string[]

  before(async () => {
    worker = new AgentWorker(lab().agent(2))
    folder = mkdtempSync(join(tmpdir(), 'clawgress-hostile-'))
    values = hostileValues(join(folder, 'canary'))
    await lab().gateway.write('/config/policy.json', policyOf('api.openai.com'))
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await worker?.[Symbol.asyncDispose]()
  })

  const own = () => loadDefinitions().roots.get('service')!.children.get('clawgress')!.children

  function put(tree: Tree, path: readonly string[], value: string | Tree): void {
    let at = tree
    for (const word of path.slice(0, -1)) {
      if (!Object.hasOwn(at, word)) at[word] = {}
      at = at[word] as Tree
    }
    at[path.at(-1)!] = value
  }

  /** What alerts need beside a text: an address for each webhook, no CA that is none, a webhook for each rule's name. */
  function completeAlerts(proposed: Tree): void {
    const { webhook: webhooks = {}, rule: rules = {} } = (proposed.alert ?? {}) as Record<string, Record<string, Tree>>
    const named = Object.values(rules).flatMap(({ webhook }) => (typeof webhook === 'string' ? [webhook] : []))
    for (const name of new Set([...Object.keys(webhooks), ...named])) {
      const { 'ca-certificate': _, ...given } = (Object.hasOwn(webhooks, name) ? webhooks[name] : undefined) ?? {}
      put(proposed, ['alert', 'webhook', name], { url: 'http://127.0.0.1:9/', format: 'alertmanager', ...given })
    }
    for (const rule of Object.values(rules)) rule.threshold ??= '5'
  }

  /**
   * The lab's configuration with each text in every node that takes it, below tags of its own; one of them, by turns,
   * where a node stands only once.
   */
  function withTexts(texts: ReadonlyMap<number, string>, turn: number): Tree {
    const proposed = structuredClone(LAB_CONFIG) as unknown as Tree
    const [once] = [...texts.keys()].slice(turn % texts.size)
    for (const [index, text] of texts)
      for (const { definition, path } of valueNodes(own(), index)) {
        if (definition.kind === 'tag' || !satisfies(definition, text)) continue
        if (path.some((word) => isOrdinaryTag(word, index)) || index === once) put(proposed, path, text)
      }
    completeAlerts(proposed)
    return proposed
  }

  it('as a text is refused with a sentence or is live, and neither executed nor taken for more than a text', async () => {
    const texts = new Map([...values.entries()].filter(([, value]) => value !== '' && value.length < 200))
    for (const turn of [0, 9]) {
      let done = await commit(lab(), { proposed: withTexts(texts, turn) })
      if (done.exitCode !== 0) {
        const said = refusal(done)
        for (const index of texts.keys()) if (said.includes(`domain n${index}.`)) texts.delete(index)
        done = await commit(lab(), { proposed: withTexts(texts, turn) })
      }
      assert.equal(done.exitCode, 0, done.stderr.slice(0, 2000))
      await assertReachable(worker, ['api.openai.com'])
      await assertNothingUnlisted(worker)
    }
    assert.ok(texts.size > 30, `only ${texts.size} texts were taken`)
    assert.equal(existsSync(join(folder, 'canary')), false)
    const { stdout } = await lab().gateway.exec(['nft', 'list', 'tables'])
    assert.equal(stdout.trim(), 'table inet clawgress')
    await mustCommit(lab(), { proposed: null })
  })

  it('in the place of every value, as a file that is loaded can hold it, is refused with sentences alone', async () => {
    for (const value of values.filter((each) => /\$\(|__proto__|\0|global|\{\{|\u202e/.test(each))) {
      const proposed = structuredClone(LAB_CONFIG) as unknown as Tree
      for (const { definition, path } of valueNodes(own()))
        put(proposed, path, definition.kind === 'tag' ? { [value]: {} } : value)
      refusal(await commit(lab(), { proposed, dryRun: true }))
    }
    assert.equal(existsSync(join(folder, 'canary')), false)
    await assertGone(lab())
  })

  it('as the path of a file is refused at once where something else lies there', async () => {
    const config = (name: string) => lab().gateway.file(`/config/${name}`)
    mkdirSync(config('folder'))
    await lab().gateway.exec(['mkfifo', config('pipe')])
    await lab().gateway.exec(['mknod', config('zero'), 'c', '1', '5'])
    symlinkSync('loop', config('loop'))
    writeFileSync(config('huge'), '')
    truncateSync(config('huge'), 2 ** 40)
    for (const [name, why] of [
      ['folder', /is not a regular file/],
      ['pipe', /is not a regular file/],
      ['zero', /is not a regular file/],
      ['loop', /ELOOP/],
      ['huge', /is longer than 65536 bytes/],
      ['nowhere', /does not exist/],
    ] as const) {
      const path = `/config/${name}`
      const proposed = { ...LAB_CONFIG, dns: { 'root-hints': path, 'trust-anchors': path } }
      const lines = refusal(await commit(lab(), { proposed, dryRun: true })).split('\n')
      assert.deepEqual(
        lines.map((line) => /^service clawgress dns ([a-z-]+): The file /.exec(line)?.[1]),
        ['root-hints', 'trust-anchors'],
      )
      for (const line of lines) assert.match(line, why)
    }
  })
})
