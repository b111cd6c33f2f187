import assert from 'node:assert/strict'
import fc from 'fast-check'
import { clientInterfacesNamed } from '../../../src/conf_mode/session/damaged-configuration.ts'

const CONFIGURATION = `interfaces {
    ethernet eth0 {
        address dhcp
    }
}
protocols {
    ospf {
        interface eth9 {
            cost 1
        }
    }
}
service {
    clawgress {
        api {
            listen-address 10.0.0.1 {
                port 8443
            }
        }
        client {
            interface eth1
            interface "eth2.10"
        }
        policy-file /config/policy.json
    }
    dhcp-relay {
        interface eth8
        disable
    }
}
`

describe('the client interfaces of a configuration that cannot be parsed', () => {
  it('are those of service clawgress alone', () => {
    assert.deepEqual(clientInterfacesNamed(CONFIGURATION), ['eth1', 'eth2.10'])
  })

  it('are made out whatever precedes and follows their section', () => {
    const section = CONFIGURATION.slice(
      CONFIGURATION.indexOf('    clawgress {'),
      CONFIGURATION.indexOf('    dhcp-relay'),
    )
    const junk = fc.string({ unit: fc.constantFrom('{', '}', '\n', '"', '/*', 'x ', '\0') })
    fc.assert(
      fc.property(junk, junk, (before, after) => {
        const found = clientInterfacesNamed(`${before}\n${section}${after}`)
        assert.deepEqual(found, ['eth1', 'eth2.10'])
      }),
      { numRuns: 200 },
    )
  })

  it('are those of the whole lines where the file is cut off', () => {
    const at = (end: string) => clientInterfacesNamed(CONFIGURATION.slice(0, CONFIGURATION.indexOf(end)))
    assert.deepEqual(at('policy-file'), ['eth1', 'eth2.10'])
    assert.deepEqual(at('.10"'), ['eth1'])
    assert.deepEqual(at('1\n            interface "'), [])
    assert.deepEqual(at('clawgress'), [])
  })

  it('are none where the section says disable, or what is named is no interface', () => {
    assert.deepEqual(clientInterfacesNamed(CONFIGURATION.replace('clawgress {', 'clawgress {\n disable')), [])
    const hostile = CONFIGURATION.replace('eth1', 'eth1;flush').replace('"eth2.10"', '"a b"')
    assert.deepEqual(clientInterfacesNamed(hostile), [])
  })
})
