import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { settleAll } from '../../../src/base/settle.ts'
import { makeBase } from '../support/debian-root/base.ts'
import { DebianMachine } from '../support/debian-root/machine.ts'
import { until } from '../support/lab.ts'

const VERSION = JSON.parse(readFileSync('package.json', 'utf8')).version as string
const DEB = `clawgress_${VERSION}_amd64.deb`
const UNITS = 'clawgress-named clawgress-pinner clawgress-log clawgressd clawgress-guard'
const DROP_INS = '/run/systemd/system/clawgress-guard.service.d'
const POLICY = '{"version":1,"allow":{"domains":["api.openai.com"]}}'
const SWITCH_ON =
  'configure; set service clawgress policy-file /config/policy.json; set service clawgress client interface eth1; commit; save'

describe('the Debian package', function () {
  this.timeout(240_000)
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-package-'))
  const base = join(folder, 'base')
  const deb = join(folder, DEB)
  /** Begun early, because it takes longer than every test of ours. */
  let objections: Promise<string[]>

  before(async () => {
    await settleAll([makeBase(base), buildDeb(folder, { TZ: 'UTC', LC_ALL: 'C' })])
    objections = lint(deb)
    objections.catch(() => undefined)
  })

  after(() => rmSync(folder, { recursive: true, force: true }))

  it('has the same bytes when it is built again elsewhere, at another time', async () => {
    const again = join(folder, 'again')
    await buildDeb(again, { TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8', HOME: folder })
    assert.ok(readFileSync(deb).equals(readFileSync(join(again, DEB))))
  })

  describe('on a Debian without VyOS', () => {
    let machine: DebianMachine

    before(async () => {
      machine = await withPackages(base, folder)
      mkdirSync(machine.path('/config'))
      machine.put('/config/policy.json', POLICY)
    })

    after(() => machine?.[Symbol.asyncDispose]())

    it('installs with its dependencies, whose services stay off', async () => {
      await machine.must(`apt-get install -y --no-install-recommends /tmp/${DEB}`)
      const { text } = await machine.run('systemctl is-enabled named ulogd2; systemctl is-active named ulogd2')
      assert.equal(text, 'disabled\ndisabled\ninactive\ninactive')
      assert.equal((await machine.run('systemctl is-enabled clawgress-closed')).text, 'enabled')
    })

    it('brings program, manual and completion', async () => {
      assert.equal(await machine.must('clawgress --version'), VERSION)
      assert.match(await machine.must('MANWIDTH=80 man clawgress'), /policy import \[options\] <file>/)
      const complete =
        'source /usr/share/bash-completion/completions/clawgress; COMP_WORDS=(clawgress poli) COMP_CWORD=1; _clawgress; echo $COMPREPLY'
      assert.equal(await machine.must(`bash -c '${complete}'`), 'policy')
    })

    it('polices clients after a commit, by units of systemd', async () => {
      await machine.must(
        'ip link add eth1 type veth peer agent; ip link set agent up; ip link set eth1 up; ip address add 10.77.1.1/24 dev eth1',
      )
      assert.match(await machine.must(`clawgress shell -c '${SWITCH_ON}'`), /is live and proven/)
      assert.equal(await machine.must(`systemctl is-active ${UNITS}`), 'active\n'.repeat(5).trimEnd())
    })

    it('gives a guard time to start, and replaces one that stands still without ending what it has begun', async () => {
      const begins = 'sleep 100 & sleep 5; exec /usr/bin/clawgress guard'
      await useDropIn(machine, `[Service]\nWatchdogSec=4\nExecStart=\nExecStart=/bin/sh -c "${begins}"\n`)
      await machine.must('systemctl restart clawgress-guard')
      const shown = (property: string) => machine.must(`systemctl show --property=${property} --value clawgress-guard`)
      const guard = await shown('MainPID')
      assert.equal(await shown('NRestarts'), '0')
      const cgroup = '/sys/fs/cgroup/system.slice/clawgress-guard.service/cgroup.procs'
      const sleeping = () =>
        machine.must(`for pid in $(cat ${cgroup}); do if grep -qsx sleep /proc/$pid/comm; then echo $pid; fi; done`)
      try {
        const begun = await sleeping()
        assert.match(begun, /^\d+$/)
        await machine.must(`kill -STOP ${guard}`)
        await until(
          'another guard is at work',
          20_000,
          async () =>
            (await machine.run('systemctl is-active clawgress-guard')).text === 'active' &&
            (await shown('MainPID')) !== guard,
        )
        assert.ok((await sleeping()).split('\n').includes(begun))
      } finally {
        await machine.must(`rm -r ${DROP_INS}; systemctl daemon-reload; systemctl restart clawgress-guard`)
      }
      await machine.must(`kill ${(await sleeping()).replaceAll('\n', ' ')}`)
    })

    it('is upgraded under clients without taking the table away', async () => {
      const before = { table: await tableHandle(machine), pids: await pids(machine) }
      await repack(machine, '9.0')
      assert.match(await machine.must('dpkg -i /tmp/9.0.deb'), /is live already|is live and proven/)
      const after = { table: await tableHandle(machine), pids: await pids(machine) }
      assert.equal(after.table, before.table)
      for (const [index, pid] of after.pids.entries()) assert.notEqual(pid, before.pids[index])
    })

    it('is not removed while clients are policed', async () => {
      const { status, text } = await machine.run('dpkg --remove clawgress')
      assert.notEqual(status, 0)
      assert.match(text, /clients are policed, and would not be without this package/)
      assert.match(await machine.must('dpkg-query --status clawgress'), /^Status: .* installed$/m)
      assert.equal(await machine.must(`systemctl is-active ${UNITS}`), 'active\n'.repeat(5).trimEnd())
    })

    it('opens by force where no commit succeeds, and can be removed then', async () => {
      // As a boot does.
      await machine.must('systemctl start clawgress-closed')
      await machine.must('clawgress force-off')
      assert.equal((await machine.run('nft list table inet clawgress')).status, 1)
      await machine.must('dpkg --remove clawgress')
      assert.equal(await machine.must('systemctl list-units --all --no-legend "clawgress*"'), '')
      assert.equal((await machine.run('test -e /usr/bin/clawgress')).status, 1)
      assert.equal((await machine.run('test -e /var/lib/clawgress')).status, 0)
    })

    it('is purged with everything but what the operator wrote', async () => {
      await machine.must('dpkg --purge clawgress')
      const places = '/etc /usr /lib /var /run'
      assert.equal((await machine.run(`find ${places} -name "*clawgress*" -not -path "/var/cache/man/*"`)).text, '')
      assert.equal(await machine.must('ls /config'), 'config.boot\npolicy.json')
    })

    it('comes and goes a second time as the first', async () => {
      await machine.must(`dpkg -i /tmp/${DEB}`)
      assert.equal((await machine.run('systemctl is-enabled clawgress-closed')).text, 'enabled')
      assert.match(await machine.must(`clawgress shell -c '${SWITCH_ON}'`), /is live and proven/)
      await machine.must("clawgress shell -c 'configure; delete service clawgress; commit; save'")
      await machine.must('dpkg --purge clawgress')
      assert.equal((await machine.run('systemctl is-enabled named; systemctl --failed --no-legend')).text, 'disabled')
    })

    it('makes VyOS know it, again after an upgrade of VyOS, and forget it', async () => {
      const vyos = await vyosPackage(machine)
      await machine.must(`dpkg -i /tmp/${DEB}; dpkg -i ${vyos}`)
      assert.deepEqual(await registered(machine), { owner: true, command: true, cache: true, tree: true })
      await machine.must(`dpkg -i ${vyos}`)
      assert.deepEqual(await registered(machine), { owner: true, command: true, cache: true, tree: true })
      await machine.must('dpkg --purge clawgress')
      assert.deepEqual(await registered(machine), { owner: false, command: false, cache: false, tree: false })
      assert.equal((await machine.run('dpkg --verify vyos-1x')).text.replace(/.* .*cache\.py\n?/g, ''), '')
    })
  })

  it('gives lintian nothing to object to', async () => {
    assert.deepEqual(await objections, [])
  })

  it('leaves a name server on that was there before', async () => {
    await using machine = await withPackages(base, folder)
    await machine.must('apt-get install -y --no-install-recommends bind9')
    await machine.must(`apt-get install -y --no-install-recommends /tmp/${DEB}`)
    const { text } = await machine.run('systemctl is-enabled named ulogd2; systemctl is-active named ulogd2')
    assert.equal(text, 'enabled\ndisabled\nactive\ninactive')
  })
})

/** Quickly compressed: the bytes of the contents are what could differ. */
async function buildDeb(output: string, env: Record<string, string>): Promise<void> {
  const words = ['--import', 'tsx', 'build/deb/build-deb.ts', '--quick', '--output', output]
  await execa('node', words, { env: { ...env, SOURCE_DATE_EPOCH: '1700000000' } })
}

async function lint(deb: string): Promise<string[]> {
  const words = ['--allow-root', '--fail-on', 'error,warning', deb]
  const { all, exitCode } = await execa('lintian', words, { all: true, reject: false })
  const found = all.split('\n').filter((line) => /^[EW]:/.test(line))
  return exitCode === 0 || found.length > 0 ? found : [`lintian ended with ${exitCode}: ${all}`]
}

async function withPackages(base: string, folder: string): Promise<DebianMachine> {
  const machine = new DebianMachine(base)
  await machine.boot()
  cpSync(join(folder, DEB), machine.path(`/tmp/${DEB}`))
  return machine
}

/** The kernel numbers tables anew: a table that was away for a moment has another number. */
const tableHandle = async (machine: DebianMachine): Promise<string> =>
  /table inet clawgress \{ # handle (\d+)/.exec(await machine.must('nft -a list table inet clawgress'))![1]!

const pids = async (machine: DebianMachine): Promise<string[]> =>
  (await machine.must('systemctl show --property=MainPID --value clawgress-pinner clawgressd clawgress-guard')).split(
    /\n+/,
  )

/** Other settings of the guard's unit than the package's. */
async function useDropIn(machine: DebianMachine, content: string): Promise<void> {
  await machine.must(`mkdir -p ${DROP_INS}`)
  machine.put(`${DROP_INS}/test.conf`, content)
  await machine.must('systemctl daemon-reload')
}

/** The same package under another version. */
async function repack(machine: DebianMachine, version: string): Promise<void> {
  const edit = `sed -i "s/^Version: .*/Version: ${version}/" /tmp/again/DEBIAN/control`
  await machine.must(
    `dpkg-deb -R /tmp/${DEB} /tmp/again && ${edit} && dpkg-deb -Zgzip -z1 -b /tmp/again /tmp/${version}.deb`,
  )
}

/** A package of that name with files as VyOS's has them. */
async function vyosPackage(machine: DebianMachine): Promise<string> {
  const root = machine.path('/tmp/vyos')
  cpSync('test/data/vyos-box', root, { recursive: true })
  mkdirSync(join(root, 'DEBIAN'))
  const control =
    'Package: vyos-1x\nVersion: 1.5\nArchitecture: all\nMaintainer: none <none@vyos.invalid>\nDescription: stand-in\n'
  writeFileSync(join(root, 'DEBIAN/control'), control)
  await machine.must('dpkg-deb --root-owner-group -b /tmp/vyos /tmp/vyos-1x.deb')
  return '/tmp/vyos-1x.deb'
}

async function registered(machine: DebianMachine): Promise<Record<string, boolean>> {
  const has = async (file: string, text: string) => (await machine.run(`grep -q ${text} ${file}`)).status === 0
  const xmlRef = '/usr/lib/python3/dist-packages/vyos/xml_ref'
  return {
    owner: await has('/usr/share/vyos/configd-include.json', 'service_clawgress.py'),
    command: await has('/usr/share/vyos/op_cache.json', 'clawgress'),
    cache: await has(`${xmlRef}/cache.py`, 'policy-file'),
    tree: await has('/usr/libexec/vyos/vyconf/reftree/reftree.cache', 'policy-file'),
  }
}
