import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { secretsInText, secretsOf } from '../../../src/op_mode/support/secrets.ts'
import { parseConfig } from '../../../src/vyos/index.ts'

const CONFIGURATION = `service {
    clawgress {
        alert {
            webhook pager {
                secret "two \\"words\\""
                url "https://hooks.example/T0"
            }
        }
        api {
            key {
                id continuous-integration {
                    key api-key-of-ci
                }
            }
        }
        policy-file /config/policy.json
    }
    snmp {
        community community-words {
            authorization ro
        }
    }
}
pki {
    certificate website {
        certificate MIIcertificate
        private {
            key MIIprivate
        }
    }
}
system {
    host-name router
    login {
        user vyos {
            authentication {
                encrypted-password $6$salt$hash
                public-key visible
            }
        }
    }
}
`
const SECRETS = [
  'two "words"',
  'https://hooks.example/T0',
  'api-key-of-ci',
  'community-words',
  'MIIcertificate',
  'MIIprivate',
  '$6$salt$hash',
]
const HARMLESS = ['continuous-integration', '/config/policy.json', 'router', 'visible', 'website']

describe('the secrets of a configuration', () => {
  it('are the values and the tags below nodes that name secrets', () => {
    const found = secretsOf(parseConfig(CONFIGURATION))
    for (const secret of SECRETS) assert.ok(found.has(secret), secret)
    for (const word of HARMLESS) assert.ok(!found.has(word), word)
  })

  it('are found wherever its text is cut off', () => {
    assert.deepEqual(
      SECRETS.filter((secret) => !secretsInText(CONFIGURATION).has(secret)),
      [],
    )
    for (const { index } of CONFIGURATION.matchAll(/\n/g))
      for (const part of [
        CONFIGURATION.slice(0, index),
        CONFIGURATION.slice(index),
        `service {{{ "${CONFIGURATION.slice(index)}`,
      ]) {
        const found = secretsInText(part)
        const whole = SECRETS.filter((secret) => part.includes(JSON.stringify(secret).slice(1, -1)))
        // A certificate is public, and says what it is behind the block alone.
        const known = whole.filter((secret) => found.has(secret) || (index > 0 && secret === 'MIIcertificate'))
        assert.deepEqual(known, whole, part)
      }
    for (const word of HARMLESS) assert.ok(!secretsInText(CONFIGURATION).has(word), word)
  })
})
