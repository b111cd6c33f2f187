import { parseAddress } from '../../../src/base/address.ts'
import { PinWriter } from '../../../src/firewall/index.ts'

/** Refreshes one address of the sets named on the command line until killed; says `ready` first. */
const [, , ...targets] = process.argv
const operations = targets.map((target) => {
  const [set, address] = target.split(' ')
  return { set: set!, address: parseAddress(address!)!, timeoutMs: 60_000 }
})
const pins = new PinWriter()
pins.refresh(operations)
console.log('ready')
for (;;) pins.refresh(operations)
