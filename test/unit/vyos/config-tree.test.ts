import { strict as assert } from 'node:assert'
import {
  ConfigTree,
  configJson,
  footerVersions,
  formatCommandDiff,
  formatCompare,
  formatShow,
  mergeTrees,
  parseConfig,
  printConfig,
  printSetCommands,
  rebase,
  updateFooter,
} from '../../../src/vyos/index.ts'

const before = parseConfig(`service {
    clawgress {
        client {
            interface eth1
            interface eth2
        }
        dns {
            max-ttl 60
            name-server 9.9.9.9 {
            }
        }
        policy-file /config/a.json
    }
}
`)

const place = (tree: ConfigTree, path: string, value?: string, tags: number[] = [], multi = false) =>
  tree.place({ path: path.split(' '), tags: new Set(tags), multi, ...(value === undefined ? {} : { value }) })

describe('the configuration tree', () => {
  it('leaves a tree as it was when another is made from it', () => {
    const after = place(before, 'service clawgress dns max-ttl', '90')
    assert.deepEqual(before.get(['service', 'clawgress', 'dns', 'max-ttl'])?.values, ['60'])
    assert.deepEqual(after.get(['service', 'clawgress', 'dns', 'max-ttl'])?.values, ['90'])
    assert.equal(after.get(['service', 'clawgress', 'client']), before.get(['service', 'clawgress', 'client']))
  })

  it('adds values to multi leaves and replaces others', () => {
    const more = place(before, 'service clawgress client interface', 'eth3', [], true)
    assert.deepEqual(more.get(['service', 'clawgress', 'client', 'interface'])?.values, ['eth1', 'eth2', 'eth3'])
    assert.equal(place(before, 'service clawgress client interface', 'eth1', [], true).equals(before), true)
  })

  it('removes a tag node with its last tag, and leaves other parents as presence nodes', () => {
    const after = before.remove(['service', 'clawgress', 'dns', 'name-server', '9.9.9.9'])
    assert.equal(after.has(['service', 'clawgress', 'dns', 'name-server']), false)
    const empty = after.remove(['service', 'clawgress', 'dns', 'max-ttl'])
    assert.equal(empty.get(['service', 'clawgress', 'dns'])?.children.size, 0)
  })

  it('removes a leaf with its last value', () => {
    const path = ['service', 'clawgress', 'client', 'interface']
    const one = before.removeValue(path, 'eth1')
    assert.deepEqual(one.get(path)?.values, ['eth2'])
    assert.equal(one.removeValue(path, 'eth2').has(path), false)
  })

  it('becomes set commands that quote what needs it', () => {
    const tree = parseConfig(`a {
    /* two words */
    b "it's $(x)"
    c
    d "x y" {
    }
}
`)
    assert.deepEqual(printSetCommands(tree), [
      "set a b 'it'\\''s $(x)'",
      "comment a b 'two words'",
      'set a c',
      "set a d 'x y'",
    ])
    assert.deepEqual(printSetCommands(before, ['service', 'clawgress', 'client']), [
      "set service clawgress client interface 'eth1'",
      "set service clawgress client interface 'eth2'",
    ])
  })

  it('becomes JSON as VyOS gives it', () => {
    assert.deepEqual(configJson(before), {
      service: {
        clawgress: {
          client: { interface: ['eth1', 'eth2'] },
          dns: { 'max-ttl': '60', 'name-server': { '9.9.9.9': {} } },
          'policy-file': '/config/a.json',
        },
      },
    })
    const hostile = parseConfig('__proto__ {\n a b\n}\n')
    assert.equal(JSON.stringify(configJson(hostile)), '{"__proto__":{"a":"b"}}')
  })
})

describe('differences between configurations', () => {
  const after = [
    (tree: ConfigTree) => tree.removeValue(['service', 'clawgress', 'client', 'interface'], 'eth1'),
    (tree: ConfigTree) => place(tree, 'service clawgress client interface', 'eth3', [], true),
    (tree: ConfigTree) => place(tree, 'service clawgress dns max-ttl', '90'),
    (tree: ConfigTree) => place(tree, 'service clawgress dns name-server 1.1.1.1 port', '853', [3]),
    (tree: ConfigTree) => tree.remove(['service', 'clawgress', 'policy-file']),
    (tree: ConfigTree) => place(tree, 'system host-name', 'gw a'),
  ].reduce((tree, change) => change(tree), before)

  it('are printed by compare in the order and form of VyOS', () => {
    assert.equal(
      formatCompare(before, after),
      `[service clawgress client]
- interface "eth1"
+ interface "eth3"
[service clawgress dns]
- max-ttl "60"
+ max-ttl "90"
[service clawgress dns name-server]
+ 1.1.1.1 {
+     port "853"
+ }
[service clawgress]
- policy-file "/config/a.json"
[]
+ system {
+     host-name "gw a"
+ }
`,
    )
    assert.equal(formatCompare(before, before), '')
  })

  it('are marked by show, line by line', () => {
    assert.equal(
      formatShow(before, after),
      ` service {
     clawgress {
         client {
-            interface eth1
>            interface eth2
+            interface eth3
         }
         dns {
>            max-ttl 90
+            name-server 1.1.1.1 {
+                port 853
+            }
             name-server 9.9.9.9 {
             }
         }
-        policy-file /config/a.json
     }
 }
+system {
+    host-name "gw a"
+}
`,
    )
    assert.equal(formatShow(before, after, ['service', 'clawgress', 'dns', 'max-ttl']), '>max-ttl 90\n')
    assert.equal(formatShow(ConfigTree.empty, ConfigTree.empty), undefined)
  })

  it('below a level begin with the last word of it', () => {
    const path = ['service', 'clawgress']
    assert.equal(
      formatCompare(place(before, 'service clawgress dns max-ttl', '90'), before, path),
      '[clawgress dns]\n- max-ttl "90"\n+ max-ttl "60"\n',
    )
    assert.match(formatCompare(ConfigTree.empty, before, path), /^\[clawgress\]\n\+ client \{\n/)
  })

  it('are commands for compare commands, a line a leaf, without comments', () => {
    const commented = after.withComment(['system'], 'why')
    assert.deepEqual(formatCommandDiff(before, commented), {
      deletes: [
        "delete service clawgress client interface 'eth1'",
        "delete service clawgress dns max-ttl '60'",
        "delete service clawgress policy-file '/config/a.json'",
      ],
      sets: [
        "set service clawgress client interface 'eth3'",
        "set service clawgress dns max-ttl '90'",
        "set service clawgress dns name-server 1.1.1.1 port '853'",
        "set system host-name 'gw a'",
      ],
    })
    assert.deepEqual(formatCommandDiff(before, before.remove(['service', 'clawgress', 'dns'])).deletes, [
      "delete service clawgress dns max-ttl '60'",
      'delete service clawgress dns name-server 9.9.9.9',
    ])
  })

  it('of two sessions are both kept', () => {
    const other = place(before, 'service clawgress dns pin-slack', '90')
    const both = rebase(before, after, other)
    assert.equal(formatCompare(after, both), '[service clawgress dns]\n+ pin-slack "90"\n')
  })

  it('are joined by merge: single values replaced, multi values added', () => {
    const added = parseConfig(
      'service {\n clawgress {\n client {\n interface eth9\n }\n dns {\n max-ttl 99\n }\n }\n}\n',
    )
    const merged = mergeTrees(before, added, (path) => path.at(-1) === 'interface')
    assert.deepEqual(merged.get(['service', 'clawgress', 'client', 'interface'])?.values, ['eth1', 'eth2', 'eth9'])
    assert.deepEqual(merged.get(['service', 'clawgress', 'dns', 'max-ttl'])?.values, ['99'])
    assert.deepEqual(merged.get(['service', 'clawgress', 'policy-file'])?.values, ['/config/a.json'])
  })
})

describe('the version footer', () => {
  const footer = `// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:ssh@2"
// Release version: 1.4.3
`
  it('is kept as it stands through reading and writing', () => {
    const tree = parseConfig(`a {\n}\n\n${footer}`)
    assert.equal(tree.footer, footer)
    assert.equal(printConfig(tree), `a {\n}\n\n${footer}`)
  })

  it('gains our component and keeps those of VyOS', () => {
    const updated = updateFooter(footer, new Map([['clawgress', 1]]), 'x')
    assert.match(updated, /"bgp@5:clawgress@1:ssh@2"\n\/\/ Release version: 1\.4\.3\n$/)
    assert.deepEqual(
      [...footerVersions(updated)],
      [
        ['bgp', 5],
        ['clawgress', 1],
        ['ssh', 2],
      ],
    )
    assert.match(updateFooter('', new Map([['clawgress', 1]]), 'x'), /"clawgress@1"\n\/\/ Release version: x\n$/)
  })
})
