import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { newestLines, redactor } from '../../../src/op_mode/support/redact.ts'

describe('what leaves the machine in a support report', () => {
  it('holds no value that is known to be a secret, wherever and however it stands', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 40 }), fc.string(), fc.string(), (secret, before, after) => {
        const places = [secret, JSON.stringify({ secret }), `https://x/?q=${encodeURIComponent(secret)}`]
        const clean = redactor([secret])(before + places.join(after)).replaceAll('(hidden)', '\0')
        for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
          assert.ok(!clean.includes(form), clean)
      }),
    )
  })

  for (const [what, text, secret] of [
    ['a PEM block', 'x -----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY----- y', 'MIIabc'],
    ['a PEM block that is cut off', '-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n', 'MIIabc'],
    ['a password in a URL', 'get https://bob:hunter2@host/x', 'hunter2'],
    ['a token in the path of a URL', 'POST https://hooks.example.com/services/T0/B0/xyz failed', 'xyz'],
    ['a header', 'Authorization: Bearer abc.def', 'abc.def'],
    ['a field of JSON', '{"api_key":"abc","port":1}', 'abc'],
    ['a passphrase of many words', '{"passphrase": "abc, d\\"efg; hij", "port": 1}', 'hij'],
    ['a passphrase in quotes of a shell', "set x password 'abc d efg'", 'efg'],
    ['a value whose quote is not closed', 'token="abc', 'abc'],
    ['a setting', "set service x api-key 'abc'", 'abc'],
    ['an assignment', 'DB_PASSWORD=abc', 'abc'],
    ['a long key', 'loaded 4fA9c1d2e3f4A5b6c7d8e9f0a1b2c3d4e5f6 now', '4fA9c1d2'],
  ] as const) {
    it(`holds nothing of ${what}`, () => {
      const clean = redactor([])(text)
      assert.ok(!clean.includes(secret), clean)
    })
  }

  it('begins with a whole line, of which a secret can be known', () => {
    assert.equal(newestLines('ab\ncd\nef\n', 9), 'ab\ncd\nef\n')
    assert.equal(newestLines('ab\ncd\nef\n', 8), 'cd\nef\n')
    assert.equal(newestLines('ab\ncd\nef\n', 6), 'cd\nef\n')
    assert.equal(newestLines('ab\ncd\nef\n', 5), 'ef\n')
    assert.equal(newestLines('x'.repeat(9), 5), '')
  })

  for (const piece of ['a-', 'token', 'a', '-', ' ', 'token ', '://', 'a://', '-----BEGIN A-----', '1/', "'"])
    it(`is found in no time in what repeats ${JSON.stringify(piece)}`, () => {
      const started = performance.now()
      redactor(['a-known-secret'])(`token${piece.repeat((512 << 10) / piece.length)}`)
      const took = performance.now() - started
      assert.ok(took < 5000, `${took} ms`)
    })

  it('stays readable where there is no secret', () => {
    const text = `Generation 58ebe98c9437e025 is live and proven in 1199 ms: 3 names.
clawgress-named is failed. It ended last with signal SIGKILL. Enter "restart clawgress".
2026-11-22T21:03:18Z listen 10.77.1.1, fd77:1::1; /var/lib/clawgress/closed.nft; api.openai.com A,AAAA dns.not-allowed
`
    assert.equal(redactor(['unused-secret'])(text), text)
  })
})
