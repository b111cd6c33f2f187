import assert from 'node:assert/strict'
import { missingLine, shownCommands } from '../../e2e/support/documents.ts'

describe('output that a document shows', () => {
  const is = (shown: string, printed: string) => missingLine(shown.split('\n'), printed)

  it('may differ in times, generations, blanks and what stands for anything', () => {
    assert.equal(
      is('Live since 2026-11-22T20:52:09Z  (9753504b3586462a)', 'Live since 2026-12-01T00:00:00Z (0123456789abcdef)'),
      undefined,
    )
    assert.equal(is('proven in 12 ms, open for 6m 59s', 'proven in 1034 ms, open for 1h 2m'), undefined)
    assert.equal(is('a\n…\nc', 'a\nb\nb2\nc\n'), undefined)
    assert.equal(is('a\nb', 'a\n[2.1 s] The kernel loads the rules ...\nb'), undefined)
    assert.equal(is('a … z\n…', 'a b c z\nanything'), undefined)
  })

  it('may not differ in anything else', () => {
    assert.equal(is('status: NXDOMAIN', 'status: NOERROR'), 'status: NXDOMAIN')
    assert.equal(is('a\nb', 'a\n'), 'b')
    assert.equal(is('a\n…\nc', 'a\nb\n'), 'c')
    assert.match(is('a', 'a\nb')!, /there was: b/)
    assert.match(is('', 'an error')!, /there was: an error/)
    assert.equal(is('net.port on 443', 'net.port on 80'), 'net.port on 443')
  })

  it('has the rows of one table of records in any order, each once, and no other lines', () => {
    const [one, two] = ['2026-11-22 21:07:35 a', '2026-11-23 10:00:00 b']
    assert.equal(is(`${one}\n${two}\nend`, `${two}\n${one}\nend`), undefined)
    assert.equal(is(`top\n…\n${one}\n${two}`, `top\nx\n${one}\n${two}`), undefined)
    assert.equal(is(`${one}\n${one}`, `${one}\n${two}`), one)
    assert.equal(is(`${one}\nend\n${two}`, `${two}\nend\n${one}`), one)
    assert.equal(is('dns.rebind: x\nnet.port: y', 'net.port: y\ndns.rebind: x'), undefined)
    assert.equal(is('a\nb', 'b\na'), 'a')
  })

  it('belongs to the command above it, in blocks marked console only', () => {
    const page = '```text\ngateway$ no\n```\n```console\ngateway$ a\nout\nroot@gateway# b\n[edit]\nagent2$ c\n```\n'
    assert.deepEqual(
      shownCommands(page).map(({ place, command, output, line }) => [place, command, output, line]),
      [
        ['gateway', 'a', ['out'], 5],
        ['shell', 'b', ['[edit]'], 7],
        ['agent2', 'c', [], 9],
      ],
    )
    assert.throws(() => shownCommands('```console\nno prompt\n```'))
  })
})
