import { strict as assert } from 'node:assert'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseConfig, printConfig } from '../../../src/vyos/index.ts'

const folder = fileURLToPath(new URL('../../../../shared/data/vyos-configs', import.meta.url))

/** Statements of a file without the spelling that may differ: order, indentation, quotes. */
const statements = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim().replaceAll('"', ''))
    .filter((line) => line !== '' && line !== '}')
    .sort()

describe("VyOS's own configuration files", () => {
  before(function () {
    if (!existsSync(folder)) this.skip()
  })

  it('are read, written and read again without loss', () => {
    const files = readdirSync(folder)
    assert.ok(files.length >= 25)
    for (const name of files) {
      const text = readFileSync(`${folder}/${name}`, 'utf8')
      const tree = parseConfig(text, name)
      const printed = printConfig(tree)
      const again = parseConfig(printed, name)
      assert.ok(tree.equals(again), name)
      assert.equal(printConfig(again), printed, name)
      assert.equal(again.footer, tree.footer, name)
      const reopened = (lines: string[]) => [...new Set(lines)]
      assert.deepEqual(reopened(statements(printed)), reopened(statements(text)), name)
    }
  })

  it('keep their version footer', () => {
    const tree = parseConfig(readFileSync(`${folder}/firewall-empty-nodes`, 'utf8'))
    assert.match(tree.footer, /vyos-config-version: "bgp@6:.*webproxy@2"\n\/\/ Release version: 1\.4\.3/)
    const old = parseConfig(readFileSync(`${folder}/rip-router`, 'utf8'))
    assert.match(old.footer, /^\/\* Warning: Do not remove the following line\. \*\/\n\/\* === vyatta-config-version/)
  })

  it('keep their nodes when a Clawgress section joins them', () => {
    const text = readFileSync(`${folder}/bgp-big-as-cloud`, 'utf8')
    const tree = parseConfig(text)
    const added = tree.place({
      path: ['service', 'clawgress', 'policy-file'],
      tags: new Set(),
      value: '/config/p.json',
    })
    const again = parseConfig(printConfig(added))
    assert.ok(again.equals(added))
    assert.ok(again.remove(['service']).equals(tree.remove(['service'])))
    assert.deepEqual(again.get(['service', 'clawgress', 'policy-file'])?.values, ['/config/p.json'])
  })
})
