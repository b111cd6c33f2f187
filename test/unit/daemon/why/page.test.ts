import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { REASONS } from '../../../../src/base/reasons.ts'
import type { Explanation } from '../../../../src/daemon/why/explanation.ts'
import { whyHandler } from '../../../../src/daemon/why/handler.ts'
import { CONTENT_SECURITY, formatFor } from '../../../../src/daemon/why/print.ts'
import { readQuestion } from '../../../../src/daemon/why/question.ts'
import { RequestRate } from '../../../../src/daemon/why/request-rate.ts'
import { compilePlan, decide } from '../../../../src/plan/index.ts'
import type { Plan } from '../../../../src/plan/types.ts'
import { parsePolicy } from '../../../../src/policy/index.ts'
import { testSettings } from '../settings.ts'

const POLICY = {
  version: 1,
  allow: { domains: ['api.openai.com', '*.wild.test'], ips: ['1.2.3.0/24'] },
  deny: { domains: ['evil.wild.test'] },
}
const PLAN = compilePlan(parsePolicy(Buffer.from(JSON.stringify(POLICY))).policy, {
  ...testSettings,
  clientNetworks: [],
})

describe('the why page', () => {
  let server: Server
  let plan: Plan | undefined = PLAN
  const pinned = new Map([['62.30.99.7', [{ group: 'default', name: 'api.openai.com' }]]])
  const open = (): Promise<void> => {
    server = createServer(
      whyHandler({
        plan: () => plan,
        settings: () => ({ name: 'clawgress.internal', contact: 'Ask <b>ops</b> & co.' }),
        lookUpNames: async () => pinned,
      }),
    )
    return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
  beforeEach(open)
  afterEach(() => {
    plan = PLAN
    server.closeAllConnections()
    server.close()
  })
  const get = async (path: string, options: RequestInit = {}) => {
    const { port } = server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}${path}`, options)
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const json = async (path: string) => {
    const { status, text } = await get(path, { headers: { accept: 'application/json' } })
    return { status, ...(JSON.parse(text) as Partial<Explanation>) }
  }

  it('says what decide() says about whoever asks: verdict, reason, rule and next step', async () => {
    for (const question of [
      { name: 'www.example.com' },
      { name: 'api.openai.com', port: 443 },
      { name: 'api.openai.com', port: 8080 },
      { name: 'EVIL.wild.test.' },
      { address: '1.2.3.4', port: 443 },
      { address: '62.30.99.9', port: 443, protocol: 'udp' },
    ]) {
      const query = new URLSearchParams(
        Object.entries(question).map(([key, value]) => [key, String(value)] as [string, string]),
      )
      const told = await json(`/why?${query}`)
      const { name } = question as { name?: string }
      const asked = name === undefined ? {} : { name: name.toLowerCase().replace(/\.$/, '') }
      const { verdict, reason, rule } = decide(PLAN, { ...question, ...asked, client: '127.0.0.1' })
      assert.deepEqual([told.verdict, told.reason, told.rule], [verdict, reason, rule], JSON.stringify(question))
      assert.deepEqual([told.message, told.next], [REASONS[reason].operator, REASONS[reason].agent])
      assert.equal(told.access, verdict === 'deny' ? 'Ask <b>ops</b> & co.' : undefined)
    }
  })

  it('knows that a name has opened an address, and does not tell which', async () => {
    const told = await json('/why?address=62.30.99.7&port=443')
    assert.deepEqual([told.verdict, told.reason], ['allow', 'allow.address'])
    assert.doesNotMatch(JSON.stringify(told), /openai/)
    assert.equal((await json('/why?address=62.30.99.7&port=22')).reason, 'net.not-pinned')
  })

  it('takes an address in the place of a name', async () => {
    const { reason, question } = await json('/why?name=62.30.99.9')
    assert.equal(reason, 'net.not-pinned')
    assert.deepEqual(question, { address: '62.30.99.9', client: '127.0.0.1' })
  })

  it('is plain text unless JSON or HTML is asked for', async () => {
    const { text, headers } = await get('/why?name=www.example.com')
    assert.match(headers.get('content-type')!, /^text\/plain/)
    assert.deepEqual(text.trimEnd().split('\n'), [
      'Verdict:    deny',
      'Question:   127.0.0.1 to www.example.com',
      'Reason:     dns.not-allowed: The name is not on the allowlist.',
      'Rule:       none matches',
      'Next step:  Do not retry; ask for the name to be added to the policy.',
      'Access:     Ask <b>ops</b> & co.',
    ])
    assert.equal(formatFor('text/html,application/xhtml+xml,application/json;q=0.9'), 'html')
    assert.equal(formatFor('*/*'), 'text')
  })

  it('is a page that loads and runs nothing, with every value escaped', async () => {
    const { text, headers } = await get('/why?name=www.example.com', { headers: { accept: 'text/html' } })
    assert.equal(headers.get('content-security-policy'), CONTENT_SECURITY)
    assert.match(CONTENT_SECURITY, /default-src 'none'/)
    assert.doesNotMatch(CONTENT_SECURITY, /unsafe/)
    assert.match(text, /Ask &lt;b&gt;ops&lt;\/b&gt; &amp; co\./)
    assert.doesNotMatch(text, /<script|<b>|src=|href=/)
  })

  it('answers about nobody else, and says what is wrong with a question', async () => {
    for (const [query, why] of [
      ['client=10.0.0.9&name=x.test', /the address that you ask from/],
      ['name=a.test&name=b.test', /stands twice/],
      ['name=a%20b', /no domain name/],
      ['name=*.wild.test', /no domain name/],
      ['name=https://a.test/', /no domain name/],
      ['address=1.2.3', /neither/],
      ['name=a.test&port=0', /65535/],
      ['name=a.test&protocol=icmp', /tcp or udp/],
      ['port=443', /what you tried/],
      [`name=${'a'.repeat(2000)}`, /too long/],
    ] as const) {
      const { status, text } = await get(`/why?${query}`)
      assert.equal(status, 400, query)
      assert.match(text, why)
    }
    assert.equal((await get('/other')).status, 404)
    assert.equal((await get('/why', { method: 'POST', body: 'x' })).status, 405)
    assert.match((await get('/why')).text, /why\?name=/)
  })

  it('echoes no control characters to a terminal, whatever is asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (name) => {
        try {
          const question = readQuestion(new URLSearchParams([['name', name]]))
          assert.doesNotMatch(JSON.stringify(question) ?? '', /[\x00-\x1f]/)
        } catch (error) {
          assert.match(String(error), /api\.request/)
        }
      }),
    )
  })

  it('says that everything is denied where no policy is live', async () => {
    plan = undefined
    const told = await json('/why?name=api.openai.com')
    assert.deepEqual([told.status, told.verdict, told.reason], [503, 'deny', 'policy.closed'])
  })

  it('is not answered to whoever asks too often', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => get('/why?name=x.test')))
    const refused = answers.filter(({ status }) => status === 429)
    assert.ok(refused.length >= 10, `${refused.length} of 40 were refused`)
    assert.equal(refused[0]!.headers.get('retry-after'), '1')
  })

  it('counts each client by itself, and forgives with time', () => {
    const rate = new RequestRate()
    for (let i = 0; i < 20; i++) assert.ok(rate.admit('a', 0))
    assert.equal(rate.admit('a', 0), false)
    assert.ok(rate.admit('b', 0))
    assert.ok(rate.admit('a', 300))
  })
})
