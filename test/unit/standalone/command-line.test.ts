import { strict as assert } from 'node:assert'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { LineEditor } from '../../../src/standalone/session/line-editor.ts'
import { locateOp, matchOp, runOp } from '../../../src/standalone/session/op-commands.ts'
import { loadOpDefinitions, splitLine } from '../../../src/vyos/index.ts'

const words = (line: string) => {
  const split = splitLine(line)
  assert.ok(split.ok, line)
  return split.commands.map((command) => [...command.words, ...command.pipes.flatMap((pipe) => ['|', ...pipe])])
}

describe('a line of commands', () => {
  it('is split as a shell would, and nothing is expanded', () => {
    assert.deepEqual(words(`set a 'b c' "d \\"e\\" \\$x" f\\ g`), [['set', 'a', 'b c', 'd "e" $x', 'f g']])
    assert.deepEqual(words('a $(id) `id` *'), [['a', '$(id)', '`id`', '*']])
    assert.deepEqual(words("a ''"), [['a', '']])
    assert.deepEqual(words('configure; set x;; show | match y | count # rest'), [
      ['configure'],
      ['set', 'x'],
      ['show', '|', 'match', 'y', '|', 'count'],
    ])
    assert.deepEqual(words('a#b "c;d|e"'), [['a#b', 'c;d|e']])
    assert.equal(splitLine('a "b').ok, false)
  })

  it('never fails in another way, whatever it holds', () => {
    fc.assert(fc.property(fc.string(), (line) => typeof splitLine(line).ok === 'boolean'))
  })
})

describe('a command of operational mode', () => {
  const definitions = loadOpDefinitions()

  it('may be shortened while it stays unambiguous', () => {
    const match = matchOp(definitions, ['sh', 'claw', 'test', 'dom', 'x.example', 'client', '::1', 'port', '443'])
    assert.ok(match.ok)
    assert.equal(match.command, 'sudo clawgress op show test domain "$5" --client "$7" --port "$9"')
    const refused = (line: string) => {
      const result = matchOp(definitions, line.split(' '))
      return result.ok ? '' : result.message
    }
    assert.equal(refused('show clawgress nosuch'), 'Invalid command: show clawgress [nosuch]')
    assert.equal(
      refused('show clawgress p'),
      'Ambiguous command: show clawgress [p]\nPossible completions: policy pins',
    )
    assert.equal(refused('show clawgress'), 'Incomplete command: show clawgress')
    assert.equal(refused('show clawgress pins domain'), 'Incomplete command: show clawgress pins domain')
    assert.equal(refused('show clawgress status x'), 'Invalid command: show clawgress status [x]')
    assert.ok('message' in locateOp(definitions, ['nosuch']))
  })

  it('gets its words as they are, never as shell', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clawgress-op-'))
    const witness = join(folder, 'executed')
    try {
      const program = [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--']
      for (const hostile of [
        `$(touch ${witness})`,
        `\`touch ${witness}\``,
        `"; touch ${witness}; "`,
        "'",
        '*',
        '-x',
        'a b',
        '\\',
        '',
      ]) {
        const { ok, output } = await runOp('sudo clawgress op show "$2"', ['show', hostile], { program, capture: true })
        assert.equal(ok, true)
        assert.deepEqual(JSON.parse(output), ['op', 'show', hostile])
      }
      assert.equal(existsSync(witness), false)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('fails with the status of its program', async () => {
    const run = { program: ['false'], capture: true }
    assert.equal((await runOp('clawgress op x', ['x'], run)).ok, false)
  })
})

describe('the line editor', () => {
  const type = (editor: LineEditor, text: string) => {
    for (const sequence of text) editor.press({ sequence })
  }

  it('inserts, deletes and moves by whole characters', () => {
    const editor = new LineEditor()
    type(editor, 'aé😀b')
    editor.press({ name: 'left' })
    editor.press({ name: 'backspace' })
    assert.equal(editor.text, 'aéb')
    editor.press({ name: 'home' })
    editor.press({ name: 'delete' })
    editor.press({ ctrl: true, name: 'e' })
    type(editor, '!')
    assert.equal(editor.text, 'éb!')
  })

  it('deletes words, kills and yanks', () => {
    const editor = new LineEditor()
    type(editor, 'set service clawgress')
    editor.press({ ctrl: true, name: 'w' })
    assert.equal(editor.text, 'set service ')
    editor.press({ ctrl: true, name: 'u' })
    assert.equal(editor.text, '')
    editor.press({ ctrl: true, name: 'y' })
    assert.equal(editor.text, 'set service ')
  })

  it('recalls earlier lines and comes back to the one being typed', () => {
    const editor = new LineEditor()
    for (const line of ['one', 'two', 'two', ' ']) {
      type(editor, line)
      editor.take()
    }
    type(editor, 'dra')
    editor.press({ name: 'up' })
    assert.equal(editor.text, 'two')
    editor.press({ name: 'up' })
    editor.press({ name: 'up' })
    assert.equal(editor.text, 'one')
    editor.press({ name: 'down' })
    editor.press({ name: 'down' })
    assert.equal(editor.text, 'dra')
  })

  it('takes a question mark for help, but inside quotes for itself', () => {
    const editor = new LineEditor()
    assert.equal(editor.press({ sequence: '?' }), 'help')
    type(editor, "set x 'a?")
    assert.equal(editor.text, "set x 'a?")
  })

  it('keeps control characters and escape sequences out of the line', () => {
    const editor = new LineEditor()
    editor.press({ sequence: '\x1b[200~', name: 'undefined' })
    editor.insert('a\x00\x1bb\nc')
    assert.equal(editor.text, 'abc')
  })
})
