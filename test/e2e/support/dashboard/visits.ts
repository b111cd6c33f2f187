import assert from 'node:assert/strict'
import { after, afterEach, before } from 'mocha'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { ApiCaller } from '../api.ts'
import { LabBrowser, type Visit } from '../browser.ts'
import { mustImport } from '../commits.ts'
import { type Lab, useLab } from '../lab.ts'
import { policyOf } from '../reach.ts'

export const DASHBOARD = 'https://62.10.0.2:8443/'

interface DashboardVisits {
  lab(): Lab
  api(): ApiCaller
  /** A page of a browser of its own, at the login. */
  visit(options?: BrowserContextOptions): Promise<Page>
  /** As `visit`, signed in, with the state of the gateway shown. */
  signedIn(key: string, options?: BrowserContextOptions): Promise<Page>
  /** What a test brings about by breaking connections is no trouble of the page. */
  forgetTroubles(): void
}

/** A lab with the API, and a Chromium: after each test, pages must have reported nothing and asked nobody else. */
export function useDashboard(policy: object): DashboardVisits {
  const lab = useLab(policyOf('api.openai.com'))
  let api: ApiCaller | undefined
  let browser: LabBrowser | undefined
  let visits: Visit[] = []

  before(async function () {
    this.timeout(90_000)
    api = await ApiCaller.open(lab())
    await mustImport(lab(), policy)
    browser = await LabBrowser.launch(lab())
  })
  after(() => browser?.[Symbol.asyncDispose]())
  afterEach(async () => {
    const troubles = visits.flatMap((visit) => visit.troubles)
    const asked = visits.flatMap(({ requests }) => requests)
    const foreign = asked.filter((url) => !url.startsWith(DASHBOARD) && !url.startsWith('data:'))
    await Promise.all(visits.map(({ context }) => context.close()))
    visits = []
    assert.deepEqual(troubles, [], 'no errors, no refusals of the content security policy, no dialogs')
    assert.deepEqual(foreign, [], 'nothing is asked of anyone else')
  })

  const visit = async (options: BrowserContextOptions = {}) => {
    const made = await browser!.visit(DASHBOARD, options)
    visits.push(made)
    return made.page
  }
  return {
    lab,
    api: () => api!,
    visit,
    signedIn: async (key, options = {}) => {
      const page = await visit(options)
      await signIn(page, key)
      return page
    },
    forgetTroubles: () => {
      for (const { troubles } of visits) troubles.splice(0)
    },
  }
}

/** From the login to the state of the gateway. */
export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Enforcing' }).waitFor()
}
