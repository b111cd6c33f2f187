import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'mocha'
import { readArchive } from '../../src/base/archive-file.ts'
import { runtimePaths } from '../../src/base/layout.ts'
import { policySettings } from '../../src/standalone/lab/gateway.ts'
import { clawgressProgram } from '../../src/standalone/lab/process.ts'
import { useLab } from './support/lab.ts'
import { policyOf } from './support/reach.ts'

const ARCHIVE = '/config/support.tar.gz'
/** Each stands in a place of its own, and nowhere else. */
const SECRETS = {
  apiKey: 'Kq7-api-key-of-ci',
  certificateKey: 'MIGHAgEAMBMGByqGSM49',
  login: '$6$saltsalt$hashhash',
  shared: 'wireless shared words',
  webhook: 'https://hooks.example.net/T0/secret-part',
  environment: 'value-of-the-environment',
  policy: 'words-of-the-policy',
  foreign: 'description-of-a-foreign-node',
  asked: 'exfiltrated-by-an-agent',
}

/** What else stands in the running configuration of a router. */
const OTHERS = `api {
    key {
        id ci {
            key ${SECRETS.apiKey}
        }
    }
}
alert {
    rule r {
        webhook "${SECRETS.webhook}"
    }
}
description "${SECRETS.foreign}"
`
const ROUTER = `pki {
    certificate web {
        private {
            key ${SECRETS.certificateKey}
        }
    }
}
system {
    login {
        user vyos {
            authentication {
                encrypted-password ${SECRETS.login}
            }
        }
    }
}
interfaces {
    wireless wlan0 {
        security {
            wpa {
                passphrase "${SECRETS.shared}"
            }
        }
    }
}
`

describe('a support report', () => {
  const lab = useLab()

  before(async () => {
    const { gateway } = lab()
    await gateway.write('/config/policy.json', {
      ...policyOf('api.openai.com'),
      description: SECRETS.policy,
    })
    await gateway.commit(policySettings('/config/policy.json'))
    await lab()
      .agent(1)
      .exec(['dig', '+tries=1', '+time=2', `${SECRETS.asked}.example.com`], { mayFail: true })
  })

  const report = async (...environment: string[]) => {
    const { gateway } = lab()
    const command = ['env', ...environment, ...clawgressProgram(), 'support', ARCHIVE]
    const { exitCode, stderr } = await gateway.exec(command, { mayFail: true })
    assert.equal(exitCode, 0, stderr)
    const file = gateway.file(ARCHIVE)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.ok(statSync(file).size < 8 << 20)
    return new Map(readArchive(file).map(({ path, content }) => [path, content.toString('utf8')]))
  }
  const activeFile = () => join(lab().gateway.layout.run, 'config/active.boot')

  it('tells what is live, what runs, and what is configured', async () => {
    const parts = await report()
    assert.match(parts.get('status.txt')!, /Enforcing: +yes[\s\S]*Nothing is wrong\./)
    assert.match(parts.get('generation.json')!, /"generation": "[0-9a-f]{16}"/)
    assert.match(parts.get('configuration.txt')!, /^set service clawgress client interface 'eth1'$/m)
    assert.match(parts.get('units.json')!, /"name": "clawgress-pinner"[\s\S]*"state": "running"/)
    assert.match(parts.get('ruleset.txt')!, /chain forward/)
    assert.match(parts.get('counters.json')!, /"denied"/)
    assert.match(parts.get('versions.txt')!, /clawgress \d+\.\d+\.\d+[\s\S]*BIND 9[\s\S]*nftables v/)
    assert.match(parts.get('interfaces.txt')!, /"name": "eth1"/)
    assert.ok(
      [...parts.keys()].some((path) => path.startsWith('logs/')),
      [...parts.keys()].join(' '),
    )
    for (const [path, text] of parts) assert.doesNotMatch(text, /could not be found out/, path)
  })

  it('holds no secret, wherever on the machine it stands', async () => {
    const { gateway } = lab()
    const running = readFileSync(activeFile(), 'utf8')
    const log = join(gateway.layout.log, 'services', 'clawgressd.log')
    writeFileSync(activeFile(), `${ROUTER}${running.replace(/clawgress \{\n/, `clawgress {\n${OTHERS}`)}`)
    appendFileSync(log, `${Object.values(SECRETS).slice(0, 5).join(' and ')}\npassword=${SECRETS.environment}\n`)
    try {
      const parts = await report(`CLAWGRESS_TOKEN=${SECRETS.environment}`)
      assert.match(parts.get('configuration.txt')!, /^set service clawgress api key id \(hidden\) key \(hidden\)$/m)
      assert.match(parts.get('logs/clawgressd.log')!, /\(hidden\) and \(hidden\)/)
      for (const [path, text] of parts)
        for (const [name, secret] of Object.entries(SECRETS))
          for (const form of [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')])
            assert.ok(!text.includes(form), `${path} holds ${name}`)
    } finally {
      writeFileSync(activeFile(), running)
    }
  })

  it('is written whatever is broken, and says of each part what is', async () => {
    const { gateway } = lab()
    const running = readFileSync(activeFile(), 'utf8')
    const broken = `${ROUTER}${running.replace(/clawgress \{\n/, `clawgress {\n${OTHERS}`)}service {{{ "`
    writeFileSync(activeFile(), broken)
    const log = join(gateway.layout.log, 'services', 'clawgressd.log')
    appendFileSync(log, `${Object.values(SECRETS).slice(0, 5).join(' and ')}\n`)
    const named = join(gateway.layout.log, 'services', 'planted.log')
    symlinkSync('/etc/shadow', named)
    const pipe = join(gateway.layout.log, 'services', 'pipe.log')
    await gateway.exec(['mkfifo', pipe])
    rmSync(join(gateway.layout.run, 'current'))
    const alert = { time: '2026-01-01T00:00:00.000Z', event: 'service.down', state: 'firing', severity: 'critical' }
    appendFileSync(runtimePaths(gateway.layout).daemonAlerts, `${JSON.stringify(alert)}\n{"time":"2026-01-01T\n`)
    try {
      const parts = await report('PATH=/nonexistent')
      assert.match(parts.get('configuration.txt')!, /The configuration cannot be read/)
      for (const [path, text] of parts)
        for (const [name, secret] of Object.entries(SECRETS)) assert.ok(!text.includes(secret), `${path} holds ${name}`)
      assert.match(parts.get('ruleset.txt')!, /could not be run/)
      assert.match(parts.get('generation.json')!, /No generation is live/)
      assert.match(parts.get('logs/planted.log')!, /could not be found out/)
      assert.match(parts.get('logs/pipe.log')!, /not a regular file/)
      assert.ok(
        parts.get('logs/daemon-alerts.jsonl')!.includes(`${JSON.stringify(alert)}\n(a line that was cut off)\n`),
      )
    } finally {
      writeFileSync(activeFile(), running)
    }
  })

  it('is written where nothing is configured', async () => {
    await lab().gateway.commit(['delete service clawgress'])
    const parts = await report()
    assert.match(parts.get('configuration.txt')!, /not configured/)
    assert.match(parts.get('status.txt')!, /not configured|could not be found out/)
  })
})
