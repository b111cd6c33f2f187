import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { readDig } from '../../../src/standalone/lab/agent/dig.ts'

const ANSWER = `
; <<>> DiG 9.18.49 <<>> @10.77.1.1 -t A -q api.anthropic.com
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1
;; flags: qr rd ra; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1

;; QUESTION SECTION:
;api.anthropic.com.		IN	A

;; ANSWER SECTION:
api.anthropic.com.	300	IN	CNAME	edge.net.
edge.net.		120	IN	A	62.30.3.1

;; Query time: 4 msec
`

describe('reading dig', () => {
  it('gives status, flags, records, addresses and time', () => {
    const answer = readDig(ANSWER)
    assert.equal(answer.status, 'NOERROR')
    assert.deepEqual(answer.flags, ['qr', 'rd', 'ra'])
    assert.deepEqual(answer.answers[0], { name: 'api.anthropic.com.', ttl: 300, type: 'CNAME', data: 'edge.net.' })
    assert.deepEqual(answer.addresses, ['62.30.3.1'])
    assert.equal(answer.ms, 4)
  })

  it('tells an answer without records from no answer', () => {
    assert.deepEqual(readDig(ANSWER.replace(/;; ANSWER SECTION:[^;]*/, '')).answers, [])
    assert.equal(readDig(';; connection timed out; no servers could be reached\n').status, 'TIMEOUT')
  })
})
