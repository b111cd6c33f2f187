import assert from 'node:assert/strict'
import { flowtableDevices } from '../../../src/conf_mode/system/system-facts.ts'

const LISTING = `table inet vyos_filter {
	flowtable VYOS_FLOWTABLE_FT01 {
		hook ingress priority filter
		devices = { eth1, eth2 }
		counter
	}
}
table ip other {
	flowtable f {
		hook ingress priority filter + 1
		devices = { "eth2.10", eth2 }
	}
}
`

describe('the devices of flowtables', () => {
  it('are read from what nft lists, each once', () => {
    assert.deepEqual(flowtableDevices(LISTING), ['eth1', 'eth2', 'eth2.10'])
  })

  it('are none where nft lists no flowtable', () => {
    assert.deepEqual(flowtableDevices(''), [])
  })
})
