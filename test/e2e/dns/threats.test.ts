import assert from 'node:assert/strict'
import { runIn } from '../../../src/standalone/lab/namespace.ts'
import { CONTENT, FALSE_ANSWER, FALSE_RESOLVERS, FORBIDDEN, SEED, useLab } from '../support/lab.ts'

const POLICY = {
  ...SEED,
  allow: { ...SEED.allow, domains: [...SEED.allow.domains, '*.rebind.io', 'internal.edge-cdn.net'] },
}
const WITHOUT = { ...POLICY, allow: { ...POLICY.allow, domains: POLICY.allow.domains.slice(1) } }
const UPLINK = ['62.10.0.2', '2a0b:10::2'] as const

describe('ways around the resolver', () => {
  const lab = useLab(POLICY)
  const agent = () => lab().agent(1)
  const names = async () => new Set((await lab().internet.questions()).map(({ name }) => name))

  it('another resolver is the gateway, over UDP and TCP, IPv4 and IPv6', async () => {
    await lab().internet.forget()
    for (const server of FALSE_RESOLVERS) {
      for (const tcp of [false, true]) {
        const listed = await agent().resolve('api.openai.com', { server, tcp })
        assert.deepEqual(listed.addresses, [CONTENT.openai.v4], `${server} ${tcp}`)
        const unlisted = await agent().resolve('www.example.com', { server, tcp, type: 'AAAA' })
        assert.deepEqual([unlisted.status, unlisted.addresses], ['NXDOMAIN', []])
      }
    }
    const there = (await lab().internet.arrivals()).filter(({ destination }) =>
      FALSE_RESOLVERS.some((r) => r === destination),
    )
    assert.deepEqual(there, [])
  })

  it('DNS over TLS, over QUIC, over HTTPS and multicast DNS reach no resolver', async () => {
    await lab().internet.forget()
    for (const server of FALSE_RESOLVERS) {
      for (const port of [853, 443, 5353] as const) {
        for (const protocol of ['tcp', 'udp'] as const) {
          const { event } = await agent().connect(server, port, protocol)
          assert.equal(event, 'refused', `${server} ${port} ${protocol}`)
        }
      }
    }
    for (const server of ['224.0.0.251', 'ff02::fb%eth0']) {
      const answer = await agent().resolve('api.openai.com', { server, options: ['-p', '5353'], timeoutMs: 1000 })
      assert.deepEqual(answer.addresses, [], server)
    }
    const strangers: readonly string[] = [...FALSE_RESOLVERS, '224.0.0.251', 'ff02::fb']
    const there = (await lab().internet.arrivals()).filter(({ destination }) => strangers.includes(destination))
    assert.deepEqual(there, [])
  })

  it('no name, type or flag makes an unlisted name leave the gateway', async () => {
    for (const type of [
      'A',
      'AAAA',
      'TXT',
      'MX',
      'NS',
      'SRV',
      'HTTPS',
      'ANY',
      'NULL',
      'AXFR',
      'TYPE65280',
      'DNSKEY',
      'PTR',
    ]) {
      for (const options of [[], ['+dnssec', '+cdflag'], ['+norecurse']]) {
        const { addresses } = await agent().resolve('secret-payload.example.org', {
          type,
          options,
          tcp: type === 'AXFR',
        })
        assert.deepEqual(addresses, [])
      }
    }
    assert.ok(![...(await names())].some((name) => name.includes('secret-payload')))
  })

  it('a listed name opens no internal address, whatever its zone answers', async () => {
    const internal = [
      'metadata',
      'private',
      'mixed',
      'loop',
      'mapped',
      'nat64',
      'sixtofour',
      'gateway',
      'client',
      'chain',
      'hints',
    ]
    for (const name of internal) {
      for (const type of ['A', 'AAAA', 'HTTPS']) {
        const { answers } = await agent().resolve(`${name}.rebind.io`, { type })
        for (const { data } of answers)
          assert.doesNotMatch(
            data,
            /(^|[ =])(10\.|127\.|169\.254|192\.168|62\.10\.|::1$|::ffff|64:ff9b|2002:|2a0b:10:|f[cd])/,
            name,
          )
      }
    }
    assert.deepEqual((await agent().resolve('mixed.rebind.io')).addresses, ['62.30.4.1'])
    await lab().internet.forget()
    for (const { v4, v6 } of Object.values(FORBIDDEN)) {
      for (const address of [v4, v6]) assert.equal((await agent().connect(address, 443)).event, 'refused', address)
    }
    const there = (await lab().internet.arrivals()).filter(({ port }) => port === 443)
    assert.deepEqual(there, [])
  })

  it('an address in another form is no way to a listed or internal one', async () => {
    await agent().resolve('api.openai.com')
    await lab().internet.forget()
    for (const address of ['64:ff9b::102:304', '2002:102:304::1', '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::1']) {
      assert.equal((await agent().connect(address, 443)).event, 'refused', address)
    }
    assert.deepEqual(
      (await lab().internet.arrivals()).filter(({ port }) => port === 443),
      [],
    )
  })

  it('the internet finds no resolver on the gateway, on no address and port, over UDP and TCP', async () => {
    const targets = [...UPLINK, '10.77.1.1', 'fd77:1::1']
    const tries = targets.flatMap((target) =>
      [53, 5053].flatMap((port) => [[], ['+tcp']].map((mode) => [target, port, mode] as const)),
    )
    await Promise.all(
      tries.map(async ([target, port, mode]) => {
        const argv = ['dig', '+tries=1', '+time=1', ...mode, '-p', String(port), `@${target}`, 'api.openai.com']
        const { stdout } = await runIn(lab().internet.namespace, argv, { reject: false })
        assert.doesNotMatch(stdout, /status: NOERROR/, `${target} ${port} ${mode}`)
      }),
    )
  })

  it('the gateway’s own questions go where they are addressed: only clients are turned', async () => {
    const { stdout } = await lab().gateway.exec(['dig', '+short', '+tries=1', '@8.8.8.8', 'any.name'])
    assert.equal(stdout, FALSE_ANSWER.v4)
  })

  it('agents in a routed network behind a client interface are served like those on it', async () => {
    const routed = '10.88.0.5'
    await agent().exec(['ip', 'address', 'add', `${routed}/32`, 'dev', 'lo'])
    await lab().gateway.exec(['ip', 'route', 'add', '10.88.0.0/24', 'via', agent().address4])
    const { addresses } = await agent().resolve('api.openai.com', { options: ['-b', routed] })
    assert.deepEqual(addresses, [CONTENT.openai.v4])
    assert.equal((await agent().resolve('www.example.com', { options: ['-b', routed] })).status, 'NXDOMAIN')
  })

  it('a policy that is applied again and again adds no rule, and what it removed stays removed', async () => {
    const rules = async () => {
      const { stdout } = await lab().gateway.exec(['nft', '-t', 'list', 'table', 'inet', 'clawgress'])
      return stdout.split('\n').filter((line) => /accept|drop|reject|goto|jump/.test(line)).length
    }
    await agent().resolve('api.openai.com')
    await lab().gateway.activate(WITHOUT)
    const before = await rules()
    assert.ok(before > 20)
    for (let round = 0; round < 2; round++) {
      await lab().gateway.activate(POLICY)
      assert.equal((await agent().fetch('https://api.openai.com/')).status, 200)
      await lab().gateway.activate(WITHOUT)
      assert.equal(await rules(), before)
      assert.equal((await agent().resolve('api.openai.com')).status, 'NXDOMAIN')
      for (const address of [CONTENT.openai.v4, CONTENT.openai.v6])
        assert.equal((await agent().connect(address, 443)).event, 'refused')
    }
  })

  it('a restart of every service under a flood of unlisted names tells no address and asks no name server', async () => {
    let restarting = true
    const restart = lab()
      .gateway.clawgress(['restart'])
      .finally(() => {
        restarting = false
      })
    let asked = 0
    while (restarting || asked < 200) {
      const list = Array.from(
        { length: 100 },
        (_, i) => `www.example.com A\nexample.com AAAA\nflood${asked + i}.example.com A`,
      )
      const argv = ['dig', '+short', '+tries=1', '+time=1', '-4', '-f', '/dev/stdin']
      const { stdout } = await agent().exec(argv, { mayFail: true, input: `${list.join('\n')}\n` })
      assert.doesNotMatch(stdout, /^(\d+\.\d+|[0-9a-f]+:)/m)
      asked += list.length
    }
    await restart
    assert.ok(![...(await names())].some((name) => name.endsWith('example.com')))
  })
})
