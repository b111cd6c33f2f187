import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeMessage, type Message, RCODE, responseTo, TYPE } from '../../../src/dns/message/index.ts'
import type { NameServer } from '../../../src/plan/types.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { address, NameServerDouble } from '../support/pinner/name-server.ts'
import { PinnerRig } from '../support/pinner/rig.ts'

const POLICY = { version: 1, allow: { domains: ['*.up.test', '*.quick.test'], ports: [443] } }
const FIRST: NameServer = { address: '127.77.0.1', port: 53 }
const SECOND: NameServer = { address: '127.77.0.2', port: 53 }
const SECURE: NameServer = { address: '127.77.0.3', port: 853, tlsHostname: 'dns.lab.test' }
const WRONG_NAME: NameServer = { ...SECURE, tlsHostname: 'other.lab.test' }

/** An authority of its own and a certificate for `dns.lab.test`, as files in the folder. */
function makeCertificates(folder: string): { key: string; cert: string; authority: string } {
  const file = (name: string) => join(folder, name)
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  openssl('req', '-x509', ...ec, '-subj', '/CN=lab authority', '-keyout', file('ca.key'), '-out', file('ca.pem'))
  openssl(
    ...['req', '-x509', ...ec, '-subj', '/CN=dns.lab.test', '-addext', 'subjectAltName=DNS:dns.lab.test'],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-CA', file('ca.pem'), '-CAkey', file('ca.key')],
    ...['-keyout', file('server.key'), '-out', file('server.pem')],
  )
  const text = (name: string) => readFileSync(file(name), 'utf8')
  return { key: text('server.key'), cert: text('server.pem'), authority: file('ca.pem') }
}

describe("The pinner's upstream side", function () {
  this.timeout(120_000)
  let rig: PinnerRig
  let first: NameServerDouble
  let second: NameServerDouble
  let secure: NameServerDouble
  let serial = 0

  /** A name that nobody has asked for yet. */
  const fresh = () => `n${++serial}.up.test`
  /** Loads a Plan with these name-servers, all of them taken for healthy. */
  const use = async (...nameServers: NameServer[]) => {
    for (const servers of [[{ address: '127.77.0.99', port: 53 }], nameServers]) {
      const plan = rig.plan(POLICY, { nameServers: servers })
      await rig.write(plan)
      await rig.pinner.load(rig.folder(plan))
    }
    for (const each of [first, second, secure]) each.asked.length = 0
  }
  const timed = async (name: string, type: number = TYPE.A) => {
    const started = performance.now()
    const answer = await rig.askPinner(name, type)
    return { rcode: answer?.rcode, count: answer?.answers.length, ms: performance.now() - started }
  }
  const everything = (name: string, type: number) => (type === TYPE.A ? { answers: [address(name, '45.45.20.1')] } : {})

  before(async () => {
    rig = PinnerRig.open()
    const { key, cert, authority } = makeCertificates(rig.layout.root)
    first = await NameServerDouble.start(FIRST.address, FIRST.port)
    second = await NameServerDouble.start(SECOND.address, SECOND.port)
    secure = await NameServerDouble.start(SECURE.address, SECURE.port, { key, cert })
    for (const each of [first, second, secure]) each.fallback = everything
    process.env.SSL_CERT_FILE = authority
    await rig.start(rig.plan(POLICY, { nameServers: [FIRST] }))
  })

  after(async () => {
    delete process.env.SSL_CERT_FILE
    for (const each of [first, second, secure]) each?.stop()
    await rig?.close()
  })

  it('asks from many ports under ids that do not repeat', async () => {
    await use(FIRST)
    await Promise.all(Array.from({ length: 60 }, () => timed(fresh())))
    assert.ok(first.sourcePorts.size >= 55, `${first.sourcePorts.size} ports`)
    assert.ok(first.ids.size >= 55, `${first.ids.size} ids`)
  })

  it('believes no answer with another id, question or class', async () => {
    const name = fresh()
    const other = (id: number, question: string, type: number) => (query: { id: number }) =>
      encodeMessage(
        responseTo(
          { ...BASE, id: (query.id + id) & 0xffff, questions: [{ name: question, type, class: 1 }] },
          RCODE.NOERROR,
          {
            answers: [address(question, '45.45.66.66')],
          },
        ),
      )
    for (const raw of [
      other(1, name, TYPE.A),
      other(0, 'else.up.test', TYPE.A),
      other(0, name, TYPE.TXT),
      () => Buffer.from('no'),
    ]) {
      first.script(name, TYPE.A, { raw })
      const { rcode, ms } = await timed(name)
      assert.equal(rcode, RCODE.SERVFAIL)
      assert.ok(ms < 1_200, `${ms} ms`)
    }
  })

  it('goes over to the second name-server at once where the first is silent or fails', async () => {
    await use(FIRST, SECOND)
    const name = fresh()
    first.script(name, TYPE.A, { silent: true })
    const slow = await timed(name)
    assert.deepEqual([slow.rcode, slow.count], [RCODE.NOERROR, 1])
    assert.ok(slow.ms > 200 && slow.ms < 700, `${slow.ms} ms`)
    assert.deepEqual([first.count(name), second.count(name)], [1, 1])
    const broken = fresh()
    first.script(broken, TYPE.A, { rcode: RCODE.SERVFAIL })
    const quick = await timed(broken)
    assert.deepEqual([quick.rcode, quick.count], [RCODE.NOERROR, 1])
    assert.ok(quick.ms < 250, `${quick.ms} ms`)
  })

  it('asks a name-server that is gone last, until it is back', async () => {
    await use(FIRST, SECOND)
    first.stop()
    await timed(fresh())
    second.asked.length = 0
    const { ms } = await timed(fresh())
    assert.ok(ms < 200, `${ms} ms`)
    const { nameServers } = await rig.pinner.status()
    assert.deepEqual(
      nameServers.map((each) => each.healthy),
      [false, true],
    )
    first = await NameServerDouble.start(FIRST.address, FIRST.port)
    first.fallback = everything
    await until('the first is asked again', 15_000, async () => (await timed(fresh())) && first.asked.length > 0)
  })

  it('says SERVFAIL within 1.2 s when every name-server is dead or silent', async () => {
    await use(FIRST, SECOND)
    const name = fresh()
    for (const each of [first, second]) each.script(name, TYPE.A, { silent: true })
    const silent = await timed(name)
    assert.equal(silent.rcode, RCODE.SERVFAIL)
    assert.ok(silent.ms < 1_200, `${silent.ms} ms`)
    await use({ address: '127.77.0.9', port: 53 })
    const dead = await timed(fresh())
    assert.equal(dead.rcode, RCODE.SERVFAIL)
    assert.ok(dead.ms < 1_200, `${dead.ms} ms`)
  })

  it('carries answers that do not fit UDP over TCP', async () => {
    await use(FIRST)
    const name = fresh()
    first.addresses(
      name,
      Array.from({ length: 90 }, (_, i) => `45.45.21.${i + 1}`),
    )
    assert.equal((await timed(name)).count, 90)
    assert.deepEqual(
      first.asked.filter((each) => each.name === name).map((each) => each.transport),
      ['udp', 'stream'],
    )
  })

  it('speaks TLS to a name-server of the right name, over one connection', async () => {
    await use(SECURE)
    for (let i = 0; i < 5; i++) assert.equal((await timed(fresh())).count, 1)
    await Promise.all(Array.from({ length: 20 }, async () => assert.equal((await timed(fresh())).count, 1)))
    assert.equal(secure.connections, 1)
    assert.ok(secure.asked.every((each) => each.transport === 'stream'))
  })

  it('opens another connection when the name-server has closed the one', async () => {
    await use(SECURE)
    assert.equal((await timed(fresh())).count, 1)
    secure.hangUp()
    assert.equal((await timed(fresh())).count, 1)
  })

  it('asks nothing of a TLS name-server whose certificate is for another name, and says so', async () => {
    await use(WRONG_NAME)
    const { rcode, ms } = await timed(fresh())
    assert.equal(rcode, RCODE.SERVFAIL)
    assert.ok(ms < 1_200, `${ms} ms`)
    assert.equal(secure.asked.length, 0)
    const { nameServers } = await rig.pinner.status()
    assert.match(nameServers[0]!.lastError!, /other\.lab\.test/)
  })

  it('asks nothing of a TLS name-server whose authority is not known', async () => {
    delete process.env.SSL_CERT_FILE
    await rig.killPinner()
    await rig.startPinner()
    await use(SECURE)
    assert.equal((await timed(fresh())).rcode, RCODE.SERVFAIL)
    assert.equal(secure.asked.length, 0)
  })

  it('answers other zones while one zone is slow and asked for more than its share', async () => {
    await use(FIRST)
    first.fallback = (name, type) => (name.includes('slow') ? { silent: true } : everything(name, type))
    const start = (await rig.pinner.metrics()).counters
    const slow: Promise<(Message | undefined)[]>[] = []
    let sent = 0
    // As many at a time as the kernel keeps for a pinner that waits for its turn: it drops what is beyond.
    const press = async () => {
      slow.push(rig.askPinnerTogether(Array.from({ length: 300 }, () => `s${sent++}.slow.up.test`)))
      const taken = async () => (await rig.pinner.metrics()).counters.queries - start.queries >= sent
      await until('the pinner has taken them', 15_000, taken)
      return (await rig.pinner.metrics()).counters.overLimit > start.overLimit
    }
    await until('the zone has its share', 15_000, press)
    const quick = Array.from({ length: 20 }, () => timed(`${fresh().split('.')[0]}.quick.test`))
    for (const { rcode, count } of await Promise.all(quick)) assert.deepEqual([rcode, count], [RCODE.NOERROR, 1])
    const answers = (await Promise.all(slow)).flat()
    assert.ok(answers.every((answer) => answer === undefined || answer.rcode === RCODE.SERVFAIL))
    first.fallback = everything
  })

  it('loses no question when the Plan is loaded anew again and again', async () => {
    await use(FIRST)
    const folders = []
    for (const ports of [[443], [443, 8443]]) {
      const plan = rig.plan({ ...POLICY, allow: { ...POLICY.allow, ports } }, { nameServers: [FIRST] })
      folders.push(await rig.write(plan))
      await rig.loadRuleset(plan)
    }
    await rig.pinner.load(folders[1]!)
    let running = true
    const loads = (async () => {
      let count = 0
      for (; running; count++) await rig.pinner.load(folders[1]!)
      return count
    })()
    for (let i = 0; i < 20; i++) {
      const results = await Promise.all(Array.from({ length: 10 }, () => timed(fresh())))
      assert.deepEqual(
        results.map((each) => each.rcode),
        new Array(10).fill(RCODE.NOERROR),
      )
    }
    running = false
    assert.ok((await loads) > 5)
  })
})

const BASE = {
  id: 0,
  response: false,
  opcode: 0,
  authoritative: false,
  truncated: false,
  recursionDesired: true,
  recursionAvailable: true,
  authenticData: false,
  checkingDisabled: false,
  rcode: 0,
  questions: [],
  answers: [],
  authorities: [],
  additionals: [],
}
