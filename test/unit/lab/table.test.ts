import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { printHeading, printRow } from '../../../src/standalone/demo/table.ts'

const COLUMNS = [
  { heading: 'what', width: 10 },
  { heading: 'ms', width: 4, right: true },
]

describe('the table of the demo', () => {
  it('draws headings over a rule', () => {
    assert.equal(printHeading(COLUMNS), 'what          ms\n----------  ----\n')
  })

  it('breaks long cells at spaces, and words that are too long anywhere', () => {
    assert.equal(printRow(COLUMNS, ['one two three', '12']), 'one two       12\nthree\n')
    assert.equal(printRow(COLUMNS, ['abcdefghijklm', '']), 'abcdefghij\nklm\n')
  })

  it('paints whole cells after padding, so that colours do not move columns', () => {
    assert.equal(
      printRow(COLUMNS, ['a', '1'], (text, column) => (column === 0 ? `<${text}>` : text)),
      '<a         >     1\n',
    )
  })
})
