import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { holds, parseAddress, parsePrefix } from '../../../src/base/address.ts'
import { isSpecialPurpose } from '../../../src/plan/index.ts'
import {
  CONTENT,
  INTERNET_PREFIXES,
  POOL_SIZE,
  poolHost,
  UDP_HOSTS,
} from '../../../src/standalone/lab/internet/addresses.ts'
import { certificateNames, printZone, root, sites, topLevel } from '../../../src/standalone/lab/internet/zones.ts'
import { labPaths } from '../../../src/standalone/lab/topology.ts'

describe('the name tree of the lab', () => {
  it('delegates every zone from its top-level zone, and those from the root', () => {
    const tlds = topLevel(new Map())
    for (const { name } of sites()) {
      const parent = tlds.find((zone) => name.endsWith(`.${zone.name}`))
      assert.ok(
        parent?.records.some((record) => record.startsWith(`${name}. 3600 IN NS `)),
        name,
      )
    }
    for (const { name } of tlds)
      assert.ok(root(new Map()).records.some((record) => record.startsWith(`${name}. 3600 IN NS `)))
  })

  it('puts the DS records of signed children into the parent', () => {
    const ds = new Map([['openai.com', 'openai.com. IN DS 1 13 2 AB']])
    const com = topLevel(ds).find(({ name }) => name === 'com')!
    assert.ok(printZone(com).includes('openai.com. IN DS 1 13 2 AB\n'))
  })

  it('has a certificate name for every owner that a web server is asked for', () => {
    const names = certificateNames()
    for (const name of ['api.openai.com', 'x.api.openai.com', 'www.legacy.git-host.org']) {
      const wildcard = name.replace(/^[^.]+/, '*')
      assert.ok(names.includes(name) || names.includes(wildcard), name)
    }
  })

  it('uses addresses that a name may open, and claims each of them', () => {
    const prefixes = [...INTERNET_PREFIXES.v4, ...INTERNET_PREFIXES.v6].map((text) => parsePrefix(text)!)
    const open = [...Object.values(CONTENT), poolHost(0), poolHost(POOL_SIZE - 1)].flatMap(({ v4, v6 }) => [v4, v6])
    for (const address of open) assert.equal(isSpecialPurpose(parseAddress(address)!), false, address)
    for (const address of [...open, ...UDP_HOSTS]) {
      assert.ok(
        prefixes.some((prefix) => holds(prefix, parseAddress(address)!)),
        address,
      )
    }
  })
})

describe('the name of a lab', () => {
  it('is refused where it would not fit into names of namespaces and paths', () => {
    for (const name of ['', 'Demo', '../x', 'a b', 'waytoolongforalab']) assert.throws(() => labPaths(name), /1 to 12/)
    assert.equal(labPaths('demo').gatewayNamed, '/var/cache/bind/clawgress-lab-demo')
  })
})
