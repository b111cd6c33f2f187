import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { policyJsonSchema } from '../../../src/policy/index.ts'
import { policyFiles } from './golden.ts'

describe('the JSON Schema of a policy', () => {
  it('is the one that is published in docs/', () => {
    const published = readFileSync(join(import.meta.dirname, '../../../docs/policy.schema.json'), 'utf8')
    assert.equal(published, `${JSON.stringify(policyJsonSchema(), null, 2)}\n`)
  })

  it('accepts every policy that the parser accepts', () => {
    const schema = z.fromJSONSchema(policyJsonSchema() as Parameters<typeof z.fromJSONSchema>[0])
    for (const { name, bytes } of policyFiles('accepted')) {
      const checked = schema.safeParse(JSON.parse(bytes.toString()))
      assert.ok(checked.success, `${name}: ${checked.error}`)
    }
  })

  it('refuses unknown, unsupported and wrongly typed fields', () => {
    const schema = z.fromJSONSchema(policyJsonSchema() as Parameters<typeof z.fromJSONSchema>[0])
    const refused = new Set(['unknown-field', 'unsupported-fields', 'wrong-types', 'missing-version', 'no-ports'])
    for (const { name, bytes } of policyFiles('refused')) {
      if (refused.delete(name)) assert.ok(!schema.safeParse(JSON.parse(bytes.toString())).success, name)
    }
    assert.equal(refused.size, 0)
  })
})
