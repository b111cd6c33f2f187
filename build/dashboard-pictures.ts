import { chownSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContextOptions } from 'playwright-core'
import { runtimePaths } from '../src/base/layout.ts'
import { systemUser } from '../src/base/system-users.ts'
import { prepareFolders } from '../src/services/folders.ts'
import { Lab } from '../src/standalone/lab/lab.ts'
import { ApiCaller, OPERATOR } from '../test/e2e/support/api.ts'
import { LabBrowser } from '../test/e2e/support/browser.ts'
import { mustImport } from '../test/e2e/support/commits.ts'
import { DASHBOARD, signIn } from '../test/e2e/support/dashboard/visits.ts'
import { policyOf } from '../test/e2e/support/reach.ts'
import { writeWeek } from './dashboard-week.ts'

// Takes the pictures of the documentation: a lab's real gateway and page, with a made-up week behind them.
const POLICY = {
  ...policyOf('api.openai.com', 'api.anthropic.com', '*.pool.net'),
  deny: { domains: ['h9.pool.net'] },
  labels: { 'api.openai.com': 'llm-provider', 'api.anthropic.com': 'llm-provider' },
}
const PICTURES: readonly (readonly [string, BrowserContextOptions])[] = [
  ['docs/dashboard.png', { viewport: { width: 1200, height: 980 }, colorScheme: 'light' }],
  ['docs/dashboard-dark.png', { viewport: { width: 1200, height: 980 }, colorScheme: 'dark' }],
  [
    'docs/dashboard-phone.png',
    { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  ],
]

await using lab = await Lab.up('pictures')
prepareFolders(lab.gateway.layout)
const store = join(runtimePaths(lab.gateway.layout).telemetryFolder, 'telemetry.db')
await writeWeek(store, Date.now())
const { uid, gid } = systemUser('clawgress')!
chownSync(store, uid, gid)
await lab.gateway.activate(policyOf('api.openai.com'))
await ApiCaller.open(lab)
await mustImport(lab, POLICY)
await using browser = await LabBrowser.launch(lab)
for (const [path, options] of PICTURES) {
  const { page, context } = await browser.visit(DASHBOARD, options)
  await signIn(page, OPERATOR)
  await page.getByText('7 days', { exact: true }).click()
  await page.getByRole('table', { name: 'Clients refused most' }).waitFor()
  await page.evaluate('document.activeElement.blur()')
  await page.getByText('Nothing is wrong.').waitFor()
  await page.screenshot({ path })
  await context.close()
}
