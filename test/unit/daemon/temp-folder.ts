import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for the tests of one `describe`; removed afterwards. */
export function tempFolder(): () => string {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-test-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  return () => folder
}

/** Polls until the condition holds; fails after `deadline` milliseconds. */
export async function until(condition: () => boolean, what: string, deadline = 5000): Promise<void> {
  const end = Date.now() + deadline
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${deadline} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
