import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { isOpTree, mergeOpTrees, type OpTree, printPython } from '../../../src/registration/op-tree.ts'

const node = (name: string, children: [string, string][], below: OpTree = {}): OpTree => ({
  __node_data: { name, help_text: null, children },
  ...below,
})
const theirs: OpTree = { show: node('show', [['version', 'leafNode']], { version: node('version', []) }) }
const ours: OpTree = {
  show: node('shown', [['clawgress', 'node']], { clawgress: node('clawgress', []) }),
  reset: node('reset', []),
}

describe("VyOS's tree of operational commands", () => {
  it('keeps its own nodes and gets ours beside them', () => {
    assert.deepEqual(mergeOpTrees(theirs, ours), {
      show: node(
        'show',
        [
          ['version', 'leafNode'],
          ['clawgress', 'node'],
        ],
        { version: node('version', []), clawgress: node('clawgress', []) },
      ),
      reset: node('reset', []),
    })
  })

  it('gets our nodes once', () => {
    const once = mergeOpTrees(theirs, ours)
    assert.deepEqual(mergeOpTrees(once, ours), once)
  })

  it('is known by the descriptions in it', () => {
    assert.ok(isOpTree(theirs))
    for (const other of [[], null, 'x', { show: [] }, { show: {} }]) assert.ok(!isOpTree(other))
  })

  it('means in Python what it means in JSON, with pairs as tuples', () => {
    const tree = { a: node('"\\\n\u2028é', [['b', 'node']]), list: [true, false, null, 1.5, ['x']] }
    const program = `import json, sys\ntree = ${printPython(tree)}\nprint(type(tree['a']['__node_data']['children'][0]).__name__)\nprint(json.dumps(tree))`
    const [type, json] = execFileSync('python3', ['-c', program], { encoding: 'utf8' }).split('\n')
    assert.equal(type, 'tuple')
    assert.deepEqual(JSON.parse(json!), tree)
  })
})
