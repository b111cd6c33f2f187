import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { execa } from 'execa'
import { describe, it } from 'mocha'
import { Lab } from '../../src/standalone/lab/lab.ts'
import { inNamespace, namespaceExists } from '../../src/standalone/lab/namespace.ts'
import { labPaths, NODES, namespaceOf } from '../../src/standalone/lab/topology.ts'
import { ensureBundle } from './support/bundle.ts'
import { CONTENT, FALSE_ANSWER, freshLabName, PUBLIC_RESOLVER, until, useLab } from './support/lab.ts'

describe('the lab, before any gateway program runs in it', () => {
  const lab = useLab()
  const delv = async (name: string, type: string) => {
    const anchors = lab().gateway.file('/config/trust-anchors.conf')
    const argv = ['delv', `@${PUBLIC_RESOLVER.v4}`, '-a', anchors, '+root=.', name, type]
    const { stdout, stderr } = await lab().gateway.exec(argv, { mayFail: true })
    return `${stdout}\n${stderr}`
  }

  it('answers for a listed name with a chain of signatures from its own root, in both families', async () => {
    for (const [type, address] of [
      ['A', CONTENT.openai.v4],
      ['AAAA', CONTENT.openai.v6],
    ] as const) {
      const text = await delv('api.openai.com', type)
      assert.match(text, /fully validated/)
      assert.ok(text.includes(address), text)
    }
  })

  it('has a zone that no validating resolver accepts', async () => {
    assert.match(await delv('www.bogus.org', 'A'), /resolution failed/)
  })

  it('serves web pages for its names on every address, in both families, with a certificate agents trust', async () => {
    for (const [number, address] of [
      [1, CONTENT.openai.v4],
      [2, CONTENT.openai.v6],
    ] as const) {
      const fetched = await lab().agent(number).fetch('https://api.openai.com/', { address })
      assert.equal(fetched.status, 200, fetched.error)
      assert.equal(JSON.parse(fetched.body).host, 'api.openai.com')
    }
  })

  it('tells other resolvers by their answer', async () => {
    assert.deepEqual((await lab().agent(1).resolve('any.name', { server: '8.8.8.8' })).addresses, [FALSE_ANSWER.v4])
    const second = await lab().agent(2).resolve('any.name', { server: '2001:4860:4860::8888', type: 'AAAA' })
    assert.deepEqual(second.addresses, [FALSE_ANSWER.v6])
  })

  it('counts at its edge what arrives where nothing listens', async () => {
    await lab().internet.forget()
    const result = await lab().agent(1).connect(CONTENT.raw.v4, 4321)
    assert.deepEqual([result.event, result.code], ['refused', 'ECONNREFUSED'])
    const arrivals = await lab().internet.arrivals()
    const found = arrivals.filter(({ destination, port }) => destination === CONTENT.raw.v4 && port === 4321)
    assert.deepEqual(
      found.map(({ source, protocol }) => [source, protocol]),
      [[lab().agent(1).address4, 'tcp']],
    )
  })

  it('holds connections of every kind and sees the same connections at both ends', async () => {
    const place = { port: 443, name: 'api.openai.com' }
    await using probe = lab()
      .agent(1)
      .hold([
        { id: 'push4', to: CONTENT.openai.v4, protocol: 'tls', mode: 'push', ...place },
        { id: 'idle6', to: CONTENT.openai.v6, protocol: 'tls', mode: 'idle', ...place },
        { id: 'echo6', to: CONTENT.openai.v6, protocol: 'tcp', mode: 'echo', port: 80 },
        { id: 'udp4', to: CONTENT.openai.v4, protocol: 'udp', mode: 'echo', port: 443 },
        { id: 'udp6', to: CONTENT.openai.v6, protocol: 'udp', mode: 'echo', port: 443 },
      ])
    await probe.allHeld()
    for (const id of ['push4', 'echo6', 'udp4', 'udp6']) {
      const before = await probe.received(id)
      while ((await probe.received(id)) <= before);
    }
    const requests = (await lab().internet.seen()).filter(({ event }) => event === 'request')
    assert.ok(requests.some(({ local, port }) => local === CONTENT.openai.v6 && port === 80))
  })

  it('takes a datagram that cannot be sent for refused, and goes on', async () => {
    assert.equal((await lab().agent(1).connect('ff02::fb', 5353, 'udp')).event, 'refused')
  })

  it('changes the addresses of a name while it runs', async () => {
    const answer = async () => (await lab().gateway.exec(['dig', '+short', '@62.20.0.3', 'api.changing.net'])).stdout
    assert.equal(await answer(), CONTENT.changing.v4)
    await lab().internet.change('api.changing.net', 1, ['62.30.11.2', '2a0b:30:11::2'])
    assert.equal(await answer(), '62.30.11.2')
  })
})

describe('taking a lab down', () => {
  it('removes every namespace, folder and process, also of a lab that was killed half-way', async () => {
    await ensureBundle()
    const name = freshLabName()
    const paths = labPaths(name)
    const first = await Lab.up(name)
    const { namespace } = first.agent(1)
    const [program, args] = inNamespace(namespace, ['sleep', '1000'])
    const sleeper = execa(program, args, { reject: false })
    await until(
      'it is in the namespace',
      10_000,
      async () => (await execa('ip', ['netns', 'pids', namespace])).stdout !== '',
    )
    const second = await Lab.up(name)
    await sleeper
    assert.equal((await second.agent(1).fetch('http://1.2.3.4/')).status, 200)
    await second.down()
    for (const node of NODES) {
      assert.equal(namespaceExists(namespaceOf(name, node)), false)
      assert.equal(existsSync(`/etc/netns/${namespaceOf(name, node)}`), false)
    }
    for (const path of [paths.folder, paths.gatewayNamed, paths.internetNamed]) assert.equal(existsSync(path), false)
  })

  it('refuses to run anything outside the namespaces of a lab', () => {
    for (const name of ['', '1', 'default', 'cg_x', '../net', 'cg-a b'])
      assert.throws(() => inNamespace(name, ['ip', 'link']))
  })
})
