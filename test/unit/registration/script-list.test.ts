import assert from 'node:assert/strict'
import fc from 'fast-check'
import { withEntry, withoutEntry } from '../../../src/registration/script-list.ts'

describe('the list of scripts that VyOS runs inside its daemons', () => {
  it('gets our entry on a line of its own where it has lines', () => {
    assert.equal(withEntry('[\n"a.py",\n"b.py"\n]', 'us.py'), '[\n"a.py",\n"b.py",\n"us.py"\n]')
  })

  it('gets our entry on the line where it has one line', () => {
    assert.equal(withEntry('["a.py", "b.py"]\n', 'us.py'), '["a.py", "b.py", "us.py"]\n')
  })

  it('gets our entry once', () => {
    const once = withEntry('["a.py"]', 'us.py')
    assert.equal(withEntry(once, 'us.py'), once)
  })

  it('loses our entry wherever it stands', () => {
    assert.equal(withoutEntry('["us.py", "a.py"]', 'us.py'), '["a.py"]')
    assert.equal(withoutEntry('["a.py", "us.py", "b.py"]', 'us.py'), '["a.py", "b.py"]')
    assert.equal(withoutEntry('["us.py"]', 'us.py'), '[]')
  })

  it('is byte for byte as before when our entry has come and gone', () => {
    const name = fc.stringMatching(/^[a-z_]{1,8}\.py$/)
    fc.assert(
      fc.property(
        fc.uniqueArray(name),
        fc.constantFrom(undefined, 1, 2, '\t'),
        fc.constantFrom('', '\n'),
        (list, indent, end) => {
          const text = `${JSON.stringify(list, undefined, indent)}${end}`
          const added = withEntry(text, 'service_clawgress.py')
          assert.deepEqual(JSON.parse(added), [...list, 'service_clawgress.py'])
          assert.equal(withoutEntry(added, 'service_clawgress.py'), text)
        },
      ),
    )
  })

  it('is left alone when it is not a list of names', () => {
    for (const text of ['{}', '[1]', 'nonsense', '["a.py"']) assert.throws(() => withEntry(text, 'us.py'))
  })
})
