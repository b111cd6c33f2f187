import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { services } from '../../../src/services/index.ts'
import { ADMIN, OPERATOR, VIEWER } from '../support/api.ts'
import { current } from '../support/commits.ts'
import { DASHBOARD, signIn, useDashboard } from '../support/dashboard/visits.ts'
import { until } from '../support/lab.ts'

const MARKUP = '<img/src=x/onerror=alert(1)>'
const POLICY = {
  version: 1,
  description: '<script>alert(1)</script>',
  allow: { domains: ['api.openai.com', 'api.anthropic.com'], ports: [443] },
  labels: { 'api.openai.com': 'models & <b>tools</b>' },
}

/** As bad as the gateway could send it: markup, turned and invisible letters, and no place to break a line. */
const HOSTILE = `${MARKUP}<script>alert(1)</script>\u202egnp.exe\u2066\u200b\u0007${'x'.repeat(300)}`

/** What the page computes with; everything else in an answer is only shown. */
const COMPUTED = new Set(['schema', 'time', 'since', 'id', 'event', 'verdict', 'window', 'state', 'role', 'cursor'])

function poisoned(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return COMPUTED.has(key) ? value : `${value}${HOSTILE}`
  if (Array.isArray(value)) return value.map((each) => poisoned(each, key))
  if (typeof value !== 'object' || value === null) return value
  const nameOf = (name: string) => (key === 'denialsByReason' ? `${name}${HOSTILE}` : name)
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [nameOf(name), poisoned(each, name)]))
}

/** What sticks out of the page and cannot be scrolled into sight by itself. */
const TOO_WIDE = `[...document.querySelectorAll('body *')]
  .filter((each) => each.getBoundingClientRect().right > innerWidth && each.closest('.scroll') === null)
  .map(({ tagName, id, className }) => [tagName, id, className].join(' '))`

const answering = (page: Page, path: string, data: object) =>
  page.route(`**/clawgress/${path}`, (route) => route.fulfill({ json: { success: true, data, error: null } }))

describe('the dashboard in trouble', () => {
  const { lab, api, signedIn, forgetTroubles } = useDashboard(POLICY)

  const killDaemon = async () => {
    const units = await services(lab().gateway.layout).status()
    process.kill(units.find(({ name }) => name === 'clawgressd')!.pid!, 'SIGKILL')
  }

  it('shows hostile names, labels and policies as text', async () => {
    await lab().agent(1).resolve(`${MARKUP}.evil.test`)
    await lab().agent(1).fetch('https://api.openai.com/')
    const page = await signedIn(VIEWER)
    await page.getByRole('listitem').filter({ hasText: 'evil.test' }).first().waitFor()
    await page.getByText('Show the policy as it was submitted').click()
    await page.getByText('<script>alert(1)</script>').waitFor()
    await page.getByLabel('Address, name').fill('*.evil.test')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByRole('table', { name: 'Records of *.evil.test' }).waitFor()
    assert.equal(await page.evaluate("document.querySelectorAll('img, b b, #board script').length"), 0)
  })

  it('holds in every part whatever the gateway might send: no markup, no turned letters, nothing too wide', async () => {
    await lab().agent(1).resolve('blocked.example.org')
    await lab().agent(1).fetch('https://api.openai.com/')
    const page = await signedIn(OPERATOR, { viewport: { width: 1280, height: 900 } })
    // The stream of what happens is left alone; its entries begin with a page of records.
    await page.route(/\/clawgress\/(?!records\/stream)/, async (route) => {
      const { pathname, search } = new URL(route.request().url())
      const { body } = await api().get(pathname.slice('/clawgress'.length) + search, { key: OPERATOR })
      await route.fulfill({ json: poisoned(body) })
    })
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signIn(page, OPERATOR)
    await page.getByText('Services:').click()
    await page.getByText('Show the policy as it was submitted').click()
    await page.getByText('Show as a table').click()
    await page.getByLabel('Address, name').fill('10.77.1.10')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByLabel('Name or address').fill('blocked.example.org')
    await page.getByRole('button', { name: 'Ask' }).click()
    await page.getByRole('button', { name: 'Difference of version 2' }).click()
    for (const part of [
      ...['state-detail', 'service-list', 'legend', 'chart-table', 'top-names', 'top-clients', 'feed'],
      ...['search-results', 'why-answer', 'policy-facts', 'policy-json', 'history', 'difference-text'],
    ])
      await page.locator(`#${part}`).filter({ hasText: '\\u{202e}gnp.exe\\u{2066}\\u{200b}' }).waitFor()
    assert.doesNotMatch(await page.innerText('body'), /[\u0007\u200b\u202e\u2066]/)
    assert.equal(await page.evaluate("document.querySelectorAll('img, #board script').length"), 0)
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 740 })
      assert.deepEqual(await page.evaluate(TOO_WIDE), [], `${width} pixels`)
    }
  })

  it('connects again by itself when the daemon was killed, and shows the gap and what came in it', async () => {
    const page = await signedIn(VIEWER)
    const entries = page.locator('#feed li')
    await page.getByText('connected', { exact: true }).waitFor()
    await lab().agent(1).resolve('before-the-gap.example.org')
    await entries.filter({ hasText: 'before-the-gap' }).waitFor()
    await killDaemon()
    await lab().agent(1).resolve('in-the-gap.example.org')
    await entries.filter({ hasText: /^No connection from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d\./ }).waitFor()
    await entries.filter({ hasText: 'in-the-gap' }).waitFor()
    await page.getByText('connected', { exact: true }).waitFor()
    await lab().agent(1).resolve('after-the-gap.example.org')
    await entries.filter({ hasText: 'after-the-gap' }).waitFor()
    const texts = await entries.allInnerTexts()
    // A daemon that was killed may write down again what it had not noted as written: the oldest entry counts.
    const places = ['after-the-gap', 'in-the-gap', 'No connection', 'before-the-gap'].map((part) =>
      texts.findLastIndex((text) => text.includes(part)),
    )
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
      texts.join('\n'),
    )
    await page.getByRole('heading', { level: 1, name: 'Enforcing' }).waitFor()
    forgetTroubles()
  })

  it('tells since when the gateway does not answer, and goes on when it does', async () => {
    const page = await signedIn(VIEWER)
    await page.context().setOffline(true)
    await page
      .getByRole('alert')
      .filter({ hasText: /does not answer since \d\d:\d\d:\d\d/ })
      .waitFor()
    await page.getByRole('heading', { level: 1, name: 'Unknown' }).waitFor()
    assert.equal(await page.title(), 'Unknown · 62.10.0.2 · Clawgress')
    await page.context().setOffline(false)
    await page.getByRole('heading', { level: 1, name: 'Enforcing' }).waitFor()
    await page.getByText('connected', { exact: true }).waitFor()
    forgetTroubles()
  })

  it('says that nothing is enforced, and why', async () => {
    const page = await signedIn(VIEWER)
    await answering(page, 'status', { enforcing: false, troubles: ['The rules are gone.'], services: [] })
    await page.getByRole('heading', { level: 1, name: 'Not enforcing' }).waitFor()
    await page.getByText('The rules are gone.').waitFor()
    assert.equal(await page.title(), 'Not enforcing · 62.10.0.2 · Clawgress')
    await page.unroute('**/clawgress/status')
    await answering(page, 'status', { enforcing: false, disabled: true, troubles: [] })
    await page.getByText('switched off in the configuration').waitFor()
    assert.equal(await page.getByText('Nothing is wrong.').count(), 0)
  })

  it('says when counts are not whole, because a daemon that has just begun still reads them', async () => {
    const page = await signedIn(VIEWER)
    await page.locator('#chart canvas').waitFor()
    const { body } = await api().get('/telemetry?window=1h', { key: VIEWER })
    await answering(page, 'telemetry?window=1h', { ...body.data, isLoading: true })
    await page.getByText('24 hours', { exact: true }).click()
    await page.getByText('1 hour', { exact: true }).click()
    await page.getByRole('status').filter({ hasText: 'some of it is missing' }).waitFor()
    await page.unrouteAll()
    await page.getByText('5 min', { exact: true }).click()
    await page.getByRole('status').filter({ hasText: 'some of it is missing' }).waitFor({ state: 'hidden' })
  })

  it('signs out one tab and not the other, and both when the key is taken away', async () => {
    const first = await signedIn(VIEWER)
    const second = await first.context().newPage()
    await second.goto(DASHBOARD)
    await signIn(second, VIEWER)
    await lab().agent(1).resolve('for-both.example.org')
    for (const page of [first, second]) await page.locator('#feed').getByText('for-both').waitFor()
    await second.getByRole('button', { name: 'Sign out' }).click()
    await second.getByRole('button', { name: 'Sign in' }).waitFor()
    await first.getByRole('heading', { level: 1, name: 'Enforcing' }).waitFor()
    await api().configure({ key: { id: { root: { key: ADMIN, role: 'admin' } } } })
    await first.getByRole('alert').filter({ hasText: 'not valid any more' }).waitFor()
    assert.ok(!(await first.content()).includes(current(lab())!))
    assert.equal(await first.evaluate('document.activeElement.id'), 'login-key')
    await api().configure({})
    await until(
      'the key is valid again',
      5_000,
      async () => (await api().get('/status', { key: VIEWER })).status === 200,
    )
    forgetTroubles()
  })
})
