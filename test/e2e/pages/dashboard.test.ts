import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { runtimePaths } from '../../../src/base/layout.ts'
import { printRecord } from '../../../src/daemon/records/kinds/record.ts'
import { denial } from '../../unit/daemon/api/support/denial.ts'
import { OPERATOR, VIEWER } from '../support/api.ts'
import { takePicture } from '../support/browser.ts'
import { current, history, mustImport } from '../support/commits.ts'
import { DASHBOARD, signIn, useDashboard } from '../support/dashboard/visits.ts'
import { until } from '../support/lab.ts'

const POLICY = {
  version: 1,
  allow: { domains: ['api.openai.com', 'api.anthropic.com'], ports: [443] },
  labels: { 'api.openai.com': 'llm-provider' },
}

/** Of every packet from now on: how long after it, by the clock that both have, its entry came onto the page. */
const NOTE_DELAYS = `globalThis.delays = []
const begun = Date.now()
new MutationObserver((changes) => {
  const items = changes.flatMap(({ addedNodes }) => [...addedNodes])
  const times = items.map((item) => Date.parse(item.querySelector('time')?.dateTime))
  for (const time of times) if (time >= begun) delays.push(Date.now() - time)
}).observe(document.getElementById('feed'), { childList: true })`

/** Before the first click can have been answered. */
const clickTwice = (page: Page, selector: string) =>
  page.evaluate(`for (let click = 0; click < 2; click++) document.querySelector('${selector}').click()`)

describe('the dashboard', () => {
  const { lab, visit, signedIn } = useDashboard(POLICY)

  it('lets nobody in without a key, says so, and keeps the key nowhere', async () => {
    const page = await visit()
    await page.getByLabel('API key').fill(`${VIEWER}x`)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').filter({ hasText: 'does not know this key' }).waitFor()
    await page.getByLabel('API key').fill(VIEWER)
    await page.keyboard.press('Enter')
    await page.getByText('board (viewer)').waitFor()
    const kept = await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])',
    )
    assert.equal(kept, JSON.stringify([{}, {}, '', `${DASHBOARD}dashboard`]))
    await page.getByRole('button', { name: 'Sign out' }).click()
    assert.equal(await page.getByLabel('API key').inputValue(), '')
    await page.reload()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })

  it('opens once where it is asked twice to', async () => {
    const page = await visit()
    await page.getByLabel('API key').fill(VIEWER)
    await clickTwice(page, '#login-form button')
    await page.getByText('connected', { exact: true }).waitFor()
    for (const host of ['asked-once', 'asked-later']) {
      await lab().agent(1).resolve(`${host}.example.org`)
      await page.locator('#feed').getByText(host).first().waitFor()
    }
    assert.equal(await page.locator('#feed').getByText('asked-once').count(), 1)
  })

  it('leaves nothing of a session in the page when it is over', async () => {
    await lab().agent(1).resolve('seen-before.example.org')
    const page = await signedIn(VIEWER)
    await page.locator('#feed').getByText('seen-before.example.org').waitFor()
    await page.getByLabel('Address, name').fill('10.77.1.10')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByRole('table', { name: 'Records of 10.77.1.10' }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    assert.equal(await page.title(), 'Clawgress')
    const left = await page.content()
    for (const secret of [VIEWER, 'seen-before', '10.77.1.10', current(lab()), 'board (viewer)'])
      assert.ok(!left.includes(secret), secret)
    await signIn(page, VIEWER)
    await page.locator('#feed').getByText('seen-before.example.org').waitFor()
  })

  it('shows a denial within a second of its packet, whom it hit, what and why', async () => {
    const page = await signedIn(VIEWER)
    await page.getByText('connected', { exact: true }).waitFor()
    await page.evaluate(NOTE_DELAYS)
    const entryOf = (text: string) => page.locator('li[data-kind="deny"]').filter({ hasText: text })
    for (const name of ['blocked-just-now', 'blocked-then', 'blocked-last'].map((host) => `${host}.example.org`)) {
      await lab().agent(1).resolve(name)
      await entryOf(name).waitFor()
    }
    await lab().agent(2).connect('2a0b:30:99::1', 4443)
    await entryOf('2a0b:30:99::1 4443/tcp').waitFor()
    const took = (await page.evaluate('delays')) as number[]
    const median = took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)]!
    assert.ok(took.length >= 4 && median < 1_000, `it took ${took.join(', ')} ms`)
    const text = await entryOf('blocked-just-now.example.org').innerText()
    for (const part of ['denied', '10.77.1.10', 'dns.not-allowed']) assert.ok(text.includes(part), text)
    const names = page.getByRole('table', { name: 'Names refused most' })
    await names.getByRole('button', { name: 'blocked-just-now.example.org' }).waitFor()
    await page
      .getByRole('listitem')
      .filter({ hasText: /^dns\.not-allowed/ })
      .waitFor()
  })

  it('answers why from an entry, and shows all records of a client', async () => {
    await lab().agent(2).connect('62.30.99.1', 443)
    const page = await signedIn(VIEWER)
    await page.getByRole('listitem').filter({ hasText: '62.30.99.1' }).first().getByTitle('Ask the policy why').click()
    const why = page.getByRole('region', { name: 'Why?' })
    await why.getByText('Denied').waitFor()
    await why.getByText('net.not-pinned:').waitFor()
    await why.getByLabel('Name or address').fill('api.openai.com')
    await why.getByLabel('Port').fill('443')
    await why.getByRole('button', { name: 'Ask' }).click()
    await why.getByText('Allowed').waitFor()
    await page.getByLabel('Address, name').fill('10.77.2.10')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByRole('table', { name: 'Records of 10.77.2.10' }).getByText('62.30.99.1 443/tcp').first().waitFor()
  })

  it('searches on to the beginning of the logs, once where it is asked twice', async () => {
    const { decisions } = runtimePaths(lab().gateway.layout)
    const [crowd, first] = [denial(0, '10.77.1.10', 'crowd.example.net'), denial(0, '10.77.1.10', 'first.example.net')]
    const line = `${printRecord(crowd)}\n`
    writeFileSync(`${decisions}.2`, `${printRecord({ ...first, time: '2025-12-31T00:00:00.000Z' })}\n`)
    writeFileSync(`${decisions}.1`, line.repeat(Math.ceil((10 << 20) / line.length)))
    try {
      const page = await signedIn(VIEWER)
      await page.getByLabel('Address, name').fill('first.example.net')
      await page.getByRole('button', { name: 'Search' }).click()
      await page.getByText('No record of first.example.net so far. Searched back to 2026-01-01 00:00:00').waitFor()
      let answers = 0
      page.on('requestfinished', (request) => {
        if (request.url().includes('cursor=')) answers++
      })
      await clickTwice(page, '#search-results button:last-child')
      await until('both are answered', 5_000, async () => answers === 2)
      await page.getByText('1 record of first.example.net, 1 of them denials; newest first.', { exact: true }).waitFor()
      assert.equal(await page.getByRole('button', { name: /older ones$/ }).count(), 0)
    } finally {
      for (const number of [1, 2]) rmSync(`${decisions}.${number}`)
    }
  })

  it('lets a viewer look and an operator go back, after asking', async () => {
    const [, first] = history(lab()).toReversed()
    const viewer = await signedIn(VIEWER)
    await viewer.getByRole('table', { name: /activated/ }).waitFor()
    assert.equal(await viewer.getByRole('button', { name: /^Go back to version/ }).count(), 0)
    await viewer.getByRole('button', { name: 'Difference of version 2' }).click()
    await viewer.getByText('+ api.anthropic.com').waitFor()
    const operator = await signedIn(OPERATOR)
    const back = operator.getByRole('button', { name: 'Go back to version 1' })
    await back.click()
    await operator.getByRole('button', { name: 'Cancel' }).click()
    assert.notEqual(current(lab()), first)
    await back.click()
    await operator.getByRole('dialog').getByRole('button', { name: 'Go back' }).click()
    await operator.getByText('Version 1 is live and proven.').waitFor()
    assert.equal(current(lab()), first)
    await viewer.getByText(`Generation ${first} is live.`).waitFor()
    await mustImport(lab(), POLICY)
  })

  it('can be used by keyboard, and names its parts for screen readers', async () => {
    const page = await signedIn(VIEWER)
    for (const name of ['Denials by reason', 'Names refused most', 'Allowed traffic by label', 'Live', 'Policy'])
      await page.getByRole('region', { name, exact: true }).waitFor()
    for (const role of ['banner', 'navigation', 'main', 'search'] as const)
      assert.equal(await page.getByRole(role).count(), 1, role)
    const nameless = `[...document.querySelectorAll('#board :is(button, input, summary, a)')].filter((each) => each.offsetParent !== null && (each.innerText || each.ariaLabel || each.labels?.length || '') === '').length`
    assert.equal(await page.evaluate(nameless), 0)
    await page.getByText('Show as a table').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('table', { name: 'Denials over time by reason' }).waitFor()
    await page.getByRole('radio', { name: '1 hour' }).focus()
    await page.keyboard.press('ArrowRight')
    await until('another time is shown', 3_000, () => page.getByRole('radio', { name: '24 hours' }).isChecked())
    await page.getByRole('button', { name: 'Pause' }).focus()
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Pause', pressed: true }).waitFor()
  })

  it('fits a phone, and is drawn in light and dark', async () => {
    for (const [name, options] of [
      ['desktop-light', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
      ['desktop-dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
      ['phone', { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }],
    ] as const) {
      const page = await signedIn(VIEWER, options)
      await page.locator('#chart canvas').waitFor()
      await page.getByRole('listitem').filter({ hasText: 'dns.not-allowed:' }).first().waitFor()
      const width = await page.evaluate('document.documentElement.scrollWidth')
      assert.ok(Number(width) <= options.viewport.width, `${name} is ${width} wide`)
      await takePicture(page, name)
    }
  })
})
