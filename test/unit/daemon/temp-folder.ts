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
