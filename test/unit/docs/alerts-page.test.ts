import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { BUILT_IN_ALERTS } from '../../../src/daemon/alerts/built-in.ts'
import { signatureHeaders } from '../../../src/daemon/alerts/signature.ts'
import { blocksOf } from '../../e2e/support/documents.ts'

describe('the page about alerts', () => {
  const page = readFileSync('docs/alerts.md', 'utf8')

  it('names every built-in alert, and no other', () => {
    const named = [...page.matchAll(/^\| `([a-z.-]+\.[a-z.-]+)` \|/gm)].map(([, event]) => event)
    assert.deepEqual(named, Object.keys(BUILT_IN_ALERTS))
  })

  it('has a program that knows our messages from forged and old ones', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const body = '{"a":"é"}'
    const judge = (headers: Record<string, string>, text = body, key = secret) => {
      const program = `${blocksOf(page, 'python')[0]}\nimport json, sys\nprint(is_ours(*json.loads(sys.argv[1]), sys.argv[2].encode()))`
      const { stdout, stderr } = spawnSync('python3', ['-c', program, JSON.stringify([key, headers]), text], {
        encoding: 'utf8',
      })
      return stdout.trim() || stderr
    }
    const headers = signatureHeaders(secret, body, Date.now())
    assert.equal(judge(headers), 'True')
    assert.equal(judge(headers, `${body} `), 'False')
    assert.equal(judge(headers, body, secret.replace('Mf', 'Mg')), 'False')
    assert.equal(judge(signatureHeaders(secret, body, Date.now() - 3_600_000)), 'False')
  })
})
