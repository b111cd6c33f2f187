import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { LineRenderer } from '../../../src/standalone/demo/line-renderer.ts'

function render(...chunks: string[]): string {
  let text = ''
  const renderer = new LineRenderer((line) => {
    text += line
  })
  for (const chunk of chunks) renderer.feed(chunk)
  renderer.end()
  return text
}

describe('drawing on a terminal, as plain lines', () => {
  it('keeps plain text and drops colours and window titles', () => {
    assert.equal(render('\x1b[1;32mok\x1b[0m done\r\n'), 'ok done\n')
  })

  it('shows a line that an editor draws anew for each key only once', () => {
    assert.equal(render('$ \x1b[K\r$ s\x1b[K\r$ se\x1b[K\r$ set\x1b[K\r\n'), '$ set\n')
  })

  it('applies cursor movements and erasing', () => {
    assert.equal(render('abc\x1b[2DX\r\n'), 'aXc\n')
    assert.equal(render('abc\x1b[1G\x1b[0Kd\r\n'), 'd\n')
    assert.equal(render('abc\b\bZ\n'), 'aZc\n')
  })

  it('waits for the rest of a sequence that was cut in two', () => {
    assert.equal(render('a\x1b', '[3', '1mb\n'), 'ab\n')
  })

  it('writes an unfinished last line at the end', () => {
    assert.equal(render('one\ntwo'), 'one\ntwo\n')
  })
})
