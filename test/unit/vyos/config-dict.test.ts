import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigTree, checkTree, configDict, loadDefinitions, parseConfig } from '../../../src/vyos/index.ts'

const definitions = loadDefinitions()
const BASE = ['service', 'clawgress']

/** What VyOS's xml_ref was asked about: its answers hold for these definitions, whatever nodes come later. */
const folder = fileURLToPath(new URL('../../data/vyos/config-dicts', import.meta.url))
const asked = loadDefinitions(folder)

describe('the dict that a handler gets', () => {
  it("is what VyOS's own xml_ref made of the same configurations", () => {
    const cases = JSON.parse(readFileSync(join(folder, 'config-dicts.json'), 'utf8')) as {
      configuration: string
      dict: object
    }[]
    assert.ok(cases.length >= 10)
    for (const { configuration, dict } of cases) {
      assert.deepEqual(configDict(parseConfig(configuration), asked, BASE), dict, configuration)
    }
  })

  it('holds all defaults for a presence node, and none of absent tag nodes', () => {
    assert.deepEqual(configDict(parseConfig('service {\n clawgress\n}\n'), asked, BASE), {
      dns: { 'deny-answer': 'nxdomain', 'cache-size': '64', 'max-ttl': '3600', 'pin-slack': '300' },
      firewall: { 'deny-action': 'reject', 'mark-mask': '0xfff00000' },
      logging: { syslog: { facility: 'local6' } },
    })
  })

  it('has lists for multi leaves, empty dicts for valueless ones, defaults in each tag value', () => {
    const tree = parseConfig(`service {
    clawgress {
        client {
            interface eth1
        }
        disable
        dns {
            name-server 2001:db8::1 {
            }
        }
    }
}
`)
    const dict = configDict(tree, definitions, BASE)!
    assert.deepEqual(dict.client, { interface: ['eth1'] })
    assert.deepEqual(dict.disable, {})
    assert.deepEqual((dict.dns as Record<string, unknown>)['name-server'], { '2001:db8::1': { port: '53' } })
    assert.deepEqual(configDict(tree, definitions, BASE, { withDefaults: false }), {
      client: { interface: ['eth1'] },
      disable: {},
      dns: { 'name-server': { '2001:db8::1': {} } },
    })
  })

  it('is undefined where the node is absent', () => {
    assert.equal(configDict(ConfigTree.empty, definitions, BASE), undefined)
  })
})

describe('a loaded configuration', () => {
  it('is refused for every node and value that the definitions do not allow', () => {
    const tree = parseConfig(`service {
    clawgress {
        client {
            interface "eth 1"
        }
        disable now
        dns {
            max-ttl 1
            max-ttl 2
            name-server nine {
                port 0
            }
        }
        future {
        }
        policy-file
    }
}
`)
    assert.deepEqual(
      checkTree(definitions, tree, BASE).map(({ code, path }) => `${code} ${path}`),
      [
        'config.value service clawgress client interface',
        'config.value service clawgress disable',
        'config.value service clawgress dns max-ttl',
        'config.value service clawgress dns name-server nine',
        'config.value service clawgress dns name-server nine port',
        'config.path service clawgress future',
        'config.value service clawgress policy-file',
      ],
    )
  })
})
