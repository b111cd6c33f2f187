import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The policies below `test/data/policy/<folder>`, with the text that stands beside each. */
export function policyFiles(folder: 'accepted' | 'refused'): { name: string; bytes: Buffer; expected: string }[] {
  const dir = join(import.meta.dirname, '../../data/policy', folder)
  const names = readdirSync(dir).filter((file) => file.endsWith('.json'))
  return names.map((file) => {
    const name = file.slice(0, -'.json'.length)
    return { name, bytes: readFileSync(join(dir, file)), expected: readFileSync(join(dir, `${name}.txt`), 'utf8') }
  })
}
