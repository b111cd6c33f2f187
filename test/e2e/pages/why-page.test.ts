import assert from 'node:assert/strict'
import type { AgentHandle } from '../../../src/standalone/lab/agent/handle.ts'
import { runIn } from '../../../src/standalone/lab/namespace.ts'
import { namespaceOf } from '../../../src/standalone/lab/topology.ts'
import { LAB_CONFIG, mustCommit } from '../support/commits.ts'
import { SEED, until, useLab } from '../support/lab.ts'

const CONTACT = 'Ask in the channel of the platform team.'
const PAGE = 'clawgress.internal'

describe('the why page of a gateway', () => {
  const lab = useLab(SEED)

  const ask = async (agent: AgentHandle, url: string, ...words: string[]) => {
    const argv = ['curl', '-sSk', '--max-time', '5', '-w', '\n%{http_code} %{remote_ip}', ...words, url]
    const { stdout, exitCode } = await agent.exec(argv, { mayFail: true })
    const end = stdout.lastIndexOf('\n')
    const [status, address] = stdout.slice(end + 1).split(' ')
    return { exitCode, status: Number(status), address, text: stdout.slice(0, Math.max(0, end)) }
  }
  const json = async (agent: AgentHandle, url: string, ...words: string[]) =>
    JSON.parse((await ask(agent, url, '-H', 'Accept: application/json', ...words)).text) as Record<string, unknown> & {
      question: { client: string }
    }

  before(async () => {
    await mustCommit(lab(), { proposed: { ...LAB_CONFIG, 'why-page': { contact: CONTACT } } })
    const agent = lab().agent(1)
    const asked = `https://${PAGE}/why?name=x.test`
    await until('the page answers', 5_000, async () => (await ask(agent, asked)).text.includes(CONTACT))
  })

  it('tells an agent why, over IPv4 and IPv6, by http and https, about its own address', async () => {
    const agent = lab().agent(1)
    for (const [family, client] of [
      ['-4', agent.address4],
      ['-6', agent.address6],
    ] as const)
      for (const scheme of ['http', 'https']) {
        const told = await json(agent, `${scheme}://${PAGE}/why?name=www.example.com`, family)
        assert.deepEqual(told, {
          question: { name: 'www.example.com', client },
          verdict: 'deny',
          reason: 'dns.not-allowed',
          message: 'The name is not on the allowlist.',
          next: 'Do not retry; ask for the name to be added to the policy.',
          access: CONTACT,
        })
      }
  })

  it('says to each agent what the gateway does with it', async () => {
    const agent = lab().agent(2)
    const { text } = await ask(agent, `http://${PAGE}/why?name=api.openai.com&port=8080`)
    assert.match(
      text,
      /^Verdict: +deny\nQuestion: +\S+ to api\.openai\.com port 8080\nReason: +net\.port:.*\nRule: +api\.openai\.com /,
    )
    assert.equal((await json(agent, `http://${PAGE}/why?name=api.openai.com&port=443`)).verdict, 'allow')
    assert.equal((await json(agent, `http://${PAGE}/why?address=62.30.99.1&port=443`)).reason, 'net.not-pinned')
    const { address } = await agent.fetch('https://api.openai.com/', { family: 4 })
    assert.deepEqual((await json(agent, `http://${PAGE}/why?address=${address}&port=443`)).reason, 'allow.address')
    assert.equal((await json(agent, `http://${PAGE}/why?name=${PAGE}&port=443`)).reason, 'allow.gateway')
  })

  it('tells nobody about others', async () => {
    const { status, text } = await ask(
      lab().agent(1),
      `http://${PAGE}/why?name=x.test&client=${lab().agent(2).address4}`,
    )
    assert.equal(status, 400)
    assert.match(text, /the address that you ask from/)
  })

  it('has a certificate of its own that names it, and keeps it over commits', async () => {
    const { exec } = lab().gateway
    const fingerprint = async () => {
      const command = `openssl s_client -connect 10.77.1.1:443 -servername ${PAGE} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -ext subjectAltName`
      return (await lab().agent(1).exec(['bash', '-c', command])).stdout
    }
    const before = await fingerprint()
    assert.match(before, /DNS:clawgress\.internal, IP Address:10\.77\.1\.1/)
    await mustCommit(lab(), { proposed: { ...LAB_CONFIG, 'why-page': { contact: 'Someone else.' } } })
    assert.equal(await fingerprint(), before)
    const { stdout } = await exec.call(lab().gateway, [
      'find',
      lab().gateway.layout.state,
      '-name',
      'why-page.pem',
      '-perm',
      '600',
    ])
    assert.notEqual(stdout, '')
    await until('the new contact is told', 5_000, async () =>
      /Someone else/.test((await ask(lab().agent(1), `http://${PAGE}/why?name=x.test`)).text),
    )
  })

  it('opens nothing else of the gateway: no private port, no other port, no other address', async () => {
    const agent = lab().agent(1)
    for (const [address, port] of [
      ['10.77.1.1', 5080],
      ['fd77:1::1', 5443],
      ['10.77.1.1', 22],
      ['62.10.0.2', 80],
      ['2a0b:10::2', 443],
    ] as const) {
      const { event } = await agent.connect(address, port)
      assert.equal(event, 'refused', `${address} port ${port}`)
    }
    // The gateway's other client address is the gateway's too.
    assert.equal((await ask(agent, 'http://10.77.2.1/why')).status, 200)
  })

  it('is answered to clients alone', async () => {
    const argv = ['curl', '-sS', '--max-time', '1', '-o', '/dev/null', 'http://10.77.1.1:5080/why']
    const outside = await runIn(namespaceOf(lab().paths.name, 'inet'), argv, { reject: false })
    assert.equal(outside.exitCode, 28, 'the private port does not answer')
    const inside = await lab().gateway.exec(argv, { mayFail: true })
    assert.equal(inside.exitCode, 0, 'somebody listens there')
  })

  it('has another name, or none, where the configuration says so', async () => {
    const agent = lab().agent(1)
    await mustCommit(lab(), { proposed: { ...LAB_CONFIG, 'why-page': { name: 'Why.Gateway.Test' } } })
    await until(
      'the new name answers',
      5_000,
      async () => (await ask(agent, 'https://why.gateway.test/why')).status === 200,
    )
    assert.equal((await ask(agent, `http://${PAGE}/why`)).exitCode, 6)
    await mustCommit(lab(), { proposed: { ...LAB_CONFIG, 'why-page': { disable: {} } } })
    assert.equal((await ask(agent, 'http://why.gateway.test/why')).exitCode, 6)
    assert.equal((await ask(agent, 'http://10.77.1.1/why')).exitCode, 7)
  })
})
