import { chmodSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { assetsRoot } from '../../../src/base/assets.ts'
import { namespaceOf } from '../../../src/standalone/lab/topology.ts'
import type { Lab } from './lab.ts'

/** Where pictures of the pages go, for people to look at; git ignores it. */
const PICTURES = join(assetsRoot(), 'artefacts', 'dashboard')

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** A page, and everything that went on in it which should not. */
export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** URLs that were asked for. */
  readonly requests: string[]
  /** Errors, refusals of the content security policy, dialogs. */
  readonly troubles: string[]
}

/** Debian's Chromium inside the network namespace of a lab's gateway, which has no way out but the lab's internet. */
export class LabBrowser implements AsyncDisposable {
  private readonly browser: Browser

  private constructor(browser: Browser) {
    this.browser = browser
  }

  static async launch(lab: Lab): Promise<LabBrowser> {
    const launcher = join(lab.paths.folder, 'chromium')
    writeFileSync(
      launcher,
      `#!/bin/sh\nexec ip netns exec ${namespaceOf(lab.paths.name, 'gw')} /usr/bin/chromium "$@"\n`,
    )
    chmodSync(launcher, 0o755)
    return new LabBrowser(await chromium.launch({ executablePath: launcher, args: FLAGS, timeout: 30_000 }))
  }

  async visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await this.browser.newContext({
      ignoreHTTPSErrors: true,
      locale: 'en',
      timezoneId: 'UTC',
      ...options,
    })
    context.setDefaultTimeout(10_000)
    const page = await context.newPage()
    const visit: Visit = { page, context, requests: [], troubles: [] }
    page.on('request', (request) => visit.requests.push(request.url()))
    page.on('pageerror', (error) => visit.troubles.push(String(error)))
    page.on('console', (message) => {
      // A refused key is an answer, which the browser's console calls an error.
      if (message.type() === 'error' && !/status of 40[13]/.test(message.text())) visit.troubles.push(message.text())
    })
    page.on('dialog', (dialog) => {
      visit.troubles.push(`a dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.goto(url)
    return visit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close()
  }
}

export async function takePicture(page: Page, name: string, whole = true): Promise<void> {
  await mkdir(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: whole })
}
