import assert from 'node:assert/strict'
import { formatProblem, type Problem } from '../../../src/base/errors.ts'

const NODE = 'service clawgress policy-file'
const FILE = '/config/policy.json'

describe('a problem', () => {
  const cases: readonly (readonly [place: Partial<Problem>, printed: string])[] = [
    [{}, ''],
    [{ path: NODE }, `${NODE}: `],
    [{ file: FILE }, `${FILE}: `],
    [{ path: NODE, file: FILE }, `${NODE} (${FILE}): `],
    [{ file: FILE, line: 3 }, `${FILE}:3: `],
    [{ file: FILE, line: 3, column: 7 }, `${FILE}:3:7: `],
    [{ file: FILE, line: 3, path: '$.allow' }, `${FILE}:3 $.allow: `],
    [{ file: FILE, line: 3, column: 7, path: '$.allow' }, `${FILE}:3:7 $.allow: `],
    [{ line: 3 }, 'line 3: '],
    [{ line: 3, column: 7 }, 'line 3, column 7: '],
    [{ line: 3, path: '$.allow' }, 'line 3, $.allow: '],
    [{ line: 3, column: 7, path: '$.allow' }, 'line 3, column 7, $.allow: '],
    [{ path: '', file: '' }, ''],
  ]
  for (const [place, printed] of cases)
    it(`with the place ${JSON.stringify(place)} begins with ${JSON.stringify(printed)}`, () => {
      const problem: Problem = { code: 'policy.file', message: 'It is not there.', ...place }
      assert.equal(formatProblem(problem), `${printed}It is not there. (policy.file)`)
    })

  it('stays one line and speaks to no terminal, whatever stands in it', () => {
    const problem: Problem = { code: 'policy.file', message: 'a\u001b[2J\nb', file: 'x\u009by', path: 'z\u202e' }
    assert.equal(formatProblem(problem), 'z\\u202e (x\\u009by): a\\u001b[2J\\u000ab (policy.file)')
  })
})
