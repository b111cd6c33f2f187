import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { execa } from 'execa'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { readArchive, writeArchive } from '../../../src/base/archive-file.ts'
import { ClawgressError } from '../../../src/base/errors.ts'
import { layoutBelow } from '../../../src/base/layout.ts'
import { isMemberPath, type Member, packTar, unpackTar } from '../../../src/base/tar.ts'
import { VERSION } from '../../../src/base/version.ts'
import { readBackup } from '../../../src/conf_mode/backup/contents.ts'
import { createBackup } from '../../../src/conf_mode/backup/create.ts'
import { withManifest } from '../../../src/conf_mode/backup/manifest.ts'
import { loadDefinitions, parseConfig } from '../../../src/vyos/index.ts'

const NOW = new Date('2026-11-22T21:00:00Z')
const CONFIG = `service {
    clawgress {
        client {
            interface eth1
        }
        dns {
            root-hints /usr/share/dns/root.hints
            trust-anchors /config/anchors.conf
        }
        policy-file /config/policy.json
    }
}
system {
    host-name r1
}
`
const POLICY = '{"version":1,"allow":{"domains":["api.openai.com"]}}\n'

const refused = (work: () => unknown, message: RegExp): void =>
  void assert.throws(work, (error: unknown) => {
    assert.ok(error instanceof ClawgressError, String(error))
    assert.match(error.message, message)
    return true
  })

describe('an archive', () => {
  it('gives back what was put into it, whatever that is', () => {
    const path = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}(\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}){0,3}$/)
    const content = fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes))
    const members = fc.uniqueArray(fc.record({ path, content }, { noNullPrototype: true }), {
      selector: (member) => member.path,
      maxLength: 8,
    })
    fc.assert(fc.property(members, (given) => void assert.deepEqual(unpackTar(packTar(given, NOW), 8), given)))
  })

  it('is read by the tar of the system', async () => {
    const archive = packTar([{ path: 'a/b.txt', content: Buffer.from('hello') }], NOW)
    const { stdout } = await execa('tar', ['-tv', '--utc'], { input: archive })
    assert.match(stdout, /^-rw------- 0\/0 +5 2026-11-22 21:00 a\/b\.txt$/)
    assert.equal((await execa('tar', ['-xO'], { input: archive })).stdout, 'hello')
  })

  it('is refused in sentences when any octet of it is another, or it is cut off', () => {
    const whole = packTar(withManifest([{ path: 'config.boot', content: Buffer.from(CONFIG) }], NOW), NOW)
    const survives = (archive: Buffer): boolean => {
      try {
        unpackTar(archive, 10)
        return true
      } catch (error) {
        assert.ok(error instanceof ClawgressError, String(error))
        return false
      }
    }
    for (let at = 0; at < 512; at++) {
      // The blank behind the checksum says nothing.
      if (at === 155) continue
      const damaged = Buffer.from(whole)
      damaged[at] = damaged[at]! ^ 0x41
      assert.equal(survives(damaged), false, `octet ${at}`)
    }
    fc.assert(fc.property(fc.nat(whole.length - 1025), (length) => !survives(whole.subarray(0, length))))
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), (noise) => !survives(Buffer.from(noise))))
  })

  for (const path of ['../x', '/etc/passwd', 'a/../../x', 'a//b', './x', '', 'x\n', 'a/', '-x', 'x'.repeat(101)])
    it(`holds nothing under the name ${JSON.stringify(path.slice(0, 20))}`, () =>
      assert.equal(isMemberPath(path), false))

  it('made by tar with a link, a folder, a device or a path that leads elsewhere is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clawgress-archive-'))
    try {
      writeFileSync(join(folder, 'file'), 'x')
      symlinkSync('/etc/passwd', join(folder, 'link'))
      mkdirSync(join(folder, 'folder'))
      const tar = async (...words: string[]) =>
        (await execa('tar', ['-C', folder, '--format=ustar', '-cP', ...words], { encoding: 'buffer' })).stdout
      const archive = async (...words: string[]) => Buffer.from(await tar(...words))
      assert.equal(unpackTar(await archive('file'), 2).length, 1)
      const link = await archive('link')
      refused(() => unpackTar(link, 2), /link in it is not a regular file/)
      const inside = await archive('folder')
      refused(() => unpackTar(inside, 2), /under the name "folder\/"/)
      const device = await archive('/dev/null')
      refused(() => unpackTar(device, 2), /under the name "\/dev\/null"/)
      const elsewhere = await archive('--transform=s,^,../,', 'file')
      refused(() => unpackTar(elsewhere, 2), /under the name "\.\.\/file"/)
      const twice = await archive('file', './file', '--transform=s,^\\./,,')
      refused(() => unpackTar(twice, 2), /holds file twice|not a regular file/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is read no further than its bound', () => {
    const folder = mkdtempSync(join(tmpdir(), 'clawgress-archive-'))
    try {
      const file = join(folder, 'bomb.tar.gz')
      writeFileSync(file, gzipSync(Buffer.alloc(1 << 20)))
      refused(() => readArchive(file, { maxBytes: 1 << 16 }), /unpacks to more than 65536 bytes/)
      writeFileSync(file, 'not compressed')
      refused(() => readArchive(file), /It is damaged/)
      refused(() => readArchive(folder), /not a regular file/)
      refused(() => readArchive(join(folder, 'none')), /does not exist/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the archive of a backup', () => {
  let root: string
  let file: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'clawgress-backup-'))
    file = join(root, 'backup.tar.gz')
    mkdirSync(join(root, 'config'))
    writeFileSync(join(root, 'config/policy.json'), POLICY)
    writeFileSync(join(root, 'config/anchors.conf'), '. IN DS 1 2 3 00')
    const entry = join(root, 'var/lib/clawgress/history/7-0123456789abcdef')
    mkdirSync(entry, { recursive: true })
    writeFileSync(join(entry, 'policy.json'), POLICY)
    const meta = { generation: '0123456789abcdef', time: NOW.toISOString(), user: 'root', summary: '+1' }
    writeFileSync(join(entry, 'meta.json'), JSON.stringify(meta))
    createBackup(layoutBelow(root), parseConfig(CONFIG), file, NOW)
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  const read = () => readBackup(file, loadDefinitions())
  /** The archive with its members changed; the manifest made anew, or kept. */
  function change(edit: (members: Member[]) => Member[], keepManifest = false): void {
    const [manifest, ...members] = readArchive(file)
    const edited = edit(members)
    writeArchive(file, keepManifest ? [manifest!, ...edited] : withManifest(edited, NOW), NOW)
  }
  const withContent = (path: string, content: string) => (members: Member[]) => [
    ...members.filter((member) => member.path !== path),
    { path, content: Buffer.from(content) },
  ]

  it('holds our section, the files it names below /config, and the history, for its owner alone', () => {
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(
      readArchive(file).map(({ path }) => path),
      [
        'manifest.json',
        'config.boot',
        'files/policy-file',
        'files/dns-trust-anchors',
        'history/7-0123456789abcdef/meta.json',
        'history/7-0123456789abcdef/policy.json',
      ],
    )
    assert.doesNotMatch(gunzipSync(readFileSync(file)).toString('latin1'), /host-name/)
    const { section, files, history, created } = read()
    assert.equal(created, NOW.toISOString())
    assert.ok(section.equals(parseConfig(CONFIG).only(['service', 'clawgress'])))
    assert.deepEqual(
      files.map(({ path }) => path),
      ['/config/policy.json', '/config/anchors.conf'],
    )
    assert.deepEqual([...history.keys()], ['7-0123456789abcdef'])
  })

  it('is the same for the same state', () => {
    const before = readFileSync(file)
    createBackup(layoutBelow(root), parseConfig(CONFIG), file, NOW)
    assert.deepEqual(readFileSync(file), before)
  })

  it('is not made when a file that is named is missing, and an older one stays', () => {
    const before = readFileSync(file)
    rmSync(join(root, 'config/anchors.conf'))
    refused(() => createBackup(layoutBelow(root), parseConfig(CONFIG), file, NOW), /anchors\.conf does not exist/)
    assert.deepEqual(readFileSync(file), before)
    assert.equal(existsSync(`${file}.new`), false)
  })

  for (const [what, edit, message, keepManifest] of [
    [
      'a member is another than the manifest says',
      withContent('files/policy-file', '{}'),
      /not what the manifest says/,
      true,
    ],
    ['a member is missing', (all: Member[]) => all.slice(0, -1), /policy\.json is missing/, true],
    ['a member is not in the manifest', withContent('files/x', ''), /does not name files\/x/, true],
    ['a member has no meaning', withContent('files/x', ''), /files\/x in it has no meaning/, false],
    [
      'a file that the configuration names is missing',
      (all: Member[]) => all.filter(({ path }) => path !== 'files/policy-file'),
      /lacks the file \/config\/policy\.json/,
      false,
    ],
    ['there is no configuration', (all: Member[]) => all.slice(1), /holds no configuration/, false],
    ['the configuration is none', withContent('config.boot', 'service {{{'), /config\.boot:\d/, false],
    [
      'the configuration holds more than our section',
      withContent('config.boot', CONFIG),
      /nothing else|component version 0/,
      false,
    ],
    [
      'the configuration is of a newer version',
      withContent('config.boot', `service {\n clawgress {\n }\n}\n// vyos-config-version: "clawgress@99"\n`),
      /component version 99/,
      false,
    ],
    [
      'a value breaks its constraint',
      withContent(
        'config.boot',
        `service {\n clawgress {\n policy-file /etc/../x\n }\n}\n// vyos-config-version: "clawgress@1"\n`,
      ),
      /Path must be absolute/,
      false,
    ],
    [
      'an entry of the history speaks to the terminal',
      withContent(
        'history/7-0123456789abcdef/meta.json',
        JSON.stringify({ generation: '0123456789abcdef', time: NOW.toISOString(), user: '\x1b[2J', summary: '' }),
      ),
      /history is not one/,
      false,
    ],
  ] as const)
    it(`is refused when ${what}`, () => {
      change(edit as (members: Member[]) => Member[], keepManifest)
      refused(read, message)
    })

  it('is refused when it is of a newer format, or another archive', () => {
    const [manifest, ...members] = readArchive(file)
    const newer = { ...JSON.parse(manifest!.content.toString()), format: 2 }
    writeArchive(file, [{ path: 'manifest.json', content: Buffer.from(JSON.stringify(newer)) }, ...members], NOW)
    refused(read, /newer version of Clawgress \(format 2/)
    writeArchive(file, members, NOW)
    refused(read, /does not begin with manifest\.json/)
  })

  it('is refused when its date speaks to the terminal', () => {
    const [manifest, ...members] = readArchive(file)
    const edited = { ...JSON.parse(manifest!.content.toString()), created: '\x1b[2J\nroot: all is well' }
    writeArchive(file, [{ path: 'manifest.json', content: Buffer.from(JSON.stringify(edited)) }, ...members], NOW)
    refused(read, /Its manifest is not one/)
  })

  it('names the version of the program that made it, which is that of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    assert.equal(VERSION, version)
    assert.equal(JSON.parse(readArchive(file)[0]!.content.toString()).version, VERSION)
  })
})
