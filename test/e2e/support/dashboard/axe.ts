import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** WCAG 2.1 A and AA, what 2.2 added to them, and what axe holds to be good practice. */
const OPTIONS = JSON.stringify({
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
})

/** What is on the page now breaks no rule of axe-core. @param state where the page is, for the message */
export async function assertAccessible(page: Page, state: string): Promise<void> {
  // By the debugger, which the page's content security policy does not bind.
  await page.evaluate(SOURCE)
  const { violations, passes } = (await page.evaluate(`axe.run(document, ${OPTIONS})`)) as AxeResults
  const found = violations.map(({ id, nodes }) => [
    id,
    ...nodes.map((node) => `${node.target}: ${node.failureSummary}`),
  ])
  assert.deepEqual(found, [], state)
  assert.ok(passes.length > 10, `${state}: axe-core judged next to nothing`)
}
