import assert from 'node:assert/strict'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { OPERATOR, VIEWER } from '../support/api.ts'
import { assertAccessible } from '../support/dashboard/axe.ts'
import { useDashboard } from '../support/dashboard/visits.ts'
import type { Lab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

const DESKTOP = { viewport: { width: 1440, height: 900 } } as const
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true } as const
const SHAPES: readonly (readonly [string, BrowserContextOptions])[] = [
  ['in light', { ...DESKTOP, colorScheme: 'light' }],
  ['in dark', { ...DESKTOP, colorScheme: 'dark' }],
  ['on a phone', PHONE],
]

/** What has the focus: where it is among everything, whether it can be seen to have it, and whether it can be seen. */
const FOCUSED = `(() => {
  const focused = document.activeElement
  if (focused === null || focused === document.body) return null
  const target = focused.type === 'radio' ? focused.nextElementSibling : focused
  const { outlineStyle, outlineWidth } = getComputedStyle(target)
  const { left, top, right, bottom } = target.getBoundingClientRect()
  const at = document.elementFromPoint((left + right) / 2, Math.min(Math.max(top, 0) + 4, innerHeight - 1))
  return {
    name: (focused.id || focused.textContent.trim()).slice(0, 40),
    index: [...document.querySelectorAll('*')].indexOf(focused),
    isMarked: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    isInSight: at !== null && (target.contains(at) || at.contains(target)) && at.closest('header') === focused.closest('header'),
  }
})()`

interface Focused {
  readonly name: string
  readonly index: number
  readonly isMarked: boolean
  readonly isInSight: boolean
}

const overflow = (page: Page) =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

describe('the dashboard for everyone', () => {
  const { lab, visit, signedIn, forgetTroubles } = useDashboard({
    ...policyOf('api.openai.com', 'api.anthropic.com'),
    description: 'Agents of the support team',
    labels: { 'api.openai.com': 'llm-provider' },
  })

  it('breaks no rule of WCAG before anything has happened', async () => {
    const page = await signedIn(VIEWER)
    await page.getByText('Nothing was denied in the time shown.').waitFor()
    await assertAccessible(page, 'without traffic')
  })

  for (const [shape, options] of SHAPES)
    it(`breaks no rule of WCAG ${shape}, whatever is open, wrong or asked`, async () => {
      const page = await visit(options)
      await page.getByLabel('API key').fill('wrong-0123456789abcdef0123456789')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').filter({ hasText: 'does not know this key' }).waitFor()
      await assertAccessible(page, 'the login')
      await page.getByLabel('API key').fill(OPERATOR)
      await page.keyboard.press('Enter')
      await openEverything(page, lab())
      await assertAccessible(page, 'everything open')
      assert.equal(await overflow(page), 0)
      await page.getByRole('button', { name: 'Go back to version 1' }).click()
      await page.getByRole('dialog').waitFor()
      await assertAccessible(page, 'a question')
      await page.keyboard.press('Escape')
      await page.route('**/clawgress/status', (route) =>
        route.fulfill({ json: { success: true, data: NOT_ENFORCING, error: null } }),
      )
      await page.getByRole('heading', { level: 1, name: 'Not enforcing' }).waitFor()
      await assertAccessible(page, 'not enforcing')
      await page.unroute('**/clawgress/status')
      await page.context().setOffline(true)
      await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor()
      await assertAccessible(page, 'no answer')
      forgetTroubles()
    })

  it('leads by keyboard from part to part in order, with what has the focus in sight', async () => {
    const page = await signedIn(OPERATOR, { reducedMotion: 'reduce' })
    await openEverything(page, lab())
    await page.getByText('Skip to the content').focus()
    const walked: Focused[] = []
    for (;;) {
      const focused = (await page.evaluate(FOCUSED)) as Focused | null
      if (focused === null || focused.index === walked[0]?.index) break
      walked.push(focused)
      await page.keyboard.press('Tab')
    }
    const names = walked.map(({ name }) => name)
    assert.equal(names[0], 'Skip to the content')
    for (const name of ['sign-out', 'chart-table', 'feed', 'search-text', 'why-client', 'history', 'difference-text'])
      assert.ok(names.includes(name), `${name} is not among ${names.join(', ')}`)
    const order = walked.map(({ index }) => index)
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    )
    assert.deepEqual(
      walked.filter(({ isMarked, isInSight }) => !isMarked || !isInSight),
      [],
    )
  })

  it('skips to the content, and gives the focus back after a question', async () => {
    const page = await signedIn(OPERATOR)
    await page.getByText('Skip to the content').focus()
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate('document.activeElement.id'), 'main')
    const back = page.getByRole('button', { name: 'Go back to version 1' })
    await back.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Cancel')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    assert.equal(await page.evaluate('document.activeElement.ariaLabel'), 'Go back to version 1')
  })

  it('reads out sums and sentences, not every record that comes', async () => {
    const page = await signedIn(VIEWER)
    await page.getByText('connected', { exact: true }).waitFor()
    for (const host of ['one', 'two', 'three']) await lab().agent(1).resolve(`${host}.aloud.example`)
    await page
      .locator('#feed-summary')
      .filter({ hasText: /new denials?\. The newest: .*aloud\.example/ })
      .waitFor()
    const live = await page.evaluate(
      `Object.fromEntries([...document.querySelectorAll('[aria-live], [role=status], [role=alert]')].map((each) => [each.id, each.ariaLive ?? each.role]))`,
    )
    assert.deepEqual(live, {
      'login-problem': 'alert',
      connection: 'alert',
      state: 'polite',
      'counts-state': 'status',
      'live-state': 'status',
      'feed-summary': 'polite',
      'search-summary': 'status',
      'why-answer': 'polite',
      'policy-message': 'status',
    })
  })

  it('fits 320 pixels and letters of twice the size', async () => {
    const narrow = await signedIn(VIEWER, { viewport: { width: 320, height: 256 } })
    await openEverything(narrow, lab())
    assert.equal(await overflow(narrow), 0, '1280 pixels, enlarged four times')
    const page = await signedIn(VIEWER, DESKTOP)
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    await openEverything(page, lab())
    assert.equal(await overflow(page), 0, 'letters of twice the size')
  })

  it('keeps what colours tell where colours are forced, and moves nothing where that is not wanted', async () => {
    const page = await signedIn(VIEWER, { ...DESKTOP, forcedColors: 'active', reducedMotion: 'reduce' })
    await page.locator('.legend .mark').first().waitFor()
    const background = (selector: string) =>
      page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).backgroundColor`)
    const ground = await background('body')
    assert.notEqual(await background('.legend .mark'), ground)
    const [chosen, other] = [await background(':checked + span'), await background('#window :not(:checked) + span')]
    assert.notEqual(chosen, other)
    const scrolling = (each: Page) => each.evaluate('getComputedStyle(document.documentElement).scrollBehavior')
    assert.equal(await scrolling(page), 'auto')
    assert.equal(await scrolling(await visit({ reducedMotion: 'no-preference' })), 'smooth')
  })
})

const NOT_ENFORCING = {
  enforcing: false,
  troubles: ['The rules in the kernel are not those of the generation that is live; run “clawgress policy activate”.'],
  generation: '07e908ef328a089d',
  since: '2026-01-02T03:04:05.000Z',
  policyFile: '/config/policy.json',
  services: { unknown: 'The service manager does not answer.' },
}

/** Every part that can be open or filled, is. */
async function openEverything(page: Page, lab: Lab): Promise<void> {
  await Promise.all([
    lab.agent(1).resolve('telemetry.example.net'),
    lab.agent(2).connect('2a0b:30:99::1', 443),
    lab.agent(1).fetch('https://api.openai.com/'),
  ])
  await page.locator('#feed').getByText('telemetry.example.net').first().waitFor()
  await page.locator('#chart canvas').waitFor()
  for (const summary of ['Services:', 'Show as a table', 'Show the policy as it was submitted'])
    await page.getByText(summary).click()
  await page.getByLabel('Allowed connections').check()
  await page.getByLabel('Address, name').fill('10.77.1.10')
  await page.getByRole('button', { name: 'Search' }).click()
  await page.getByRole('table', { name: 'Records of' }).waitFor()
  await page.getByLabel('Name or address').fill('telemetry.example.net')
  await page.getByRole('button', { name: 'Ask' }).click()
  await page.locator('#why-answer').getByText('Denied', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Difference of version 2' }).click()
  await page.getByText('+ api.anthropic.com').waitFor()
  await page.locator('#policy-json').filter({ hasText: 'support team' }).waitFor()
}
