import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FlowListener } from '../../../../src/daemon/records/sources/flow-listener.ts'
import { tempFolder } from '../temp-folder.ts'

const HEAD = 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n'
const socket = (groups: string, drops: number, inode: number) =>
  `00000000a10fff69 12  4193       ${groups} 0        0        0     2        ${drops}        ${inode}    \n`

describe('the socket of ended flows', () => {
  const folder = tempFolder()

  it('tells how many the kernel could not hand over, and when another took its place, over restarts of the daemon', () => {
    const [file, sockets] = [join(folder(), 'totals'), join(folder(), 'netlink')]
    let now = 0
    let listener = new FlowListener(file, sockets)
    const look = (...lines: string[]) => {
      writeFileSync(sockets, HEAD + lines.join(''))
      now += 2_000
      listener.step(now)
      return [listener.lost, listener.restarts]
    }
    assert.deepEqual(look(), [0, 0])
    assert.deepEqual(look(socket('00000000', 9, 1), socket('00000004', 5, 2)), [0, 0], 'what was before is not known')
    assert.deepEqual(look(socket('00000004', 12, 2)), [7, 0])
    listener.keep()
    assert.deepEqual(look(socket('00000004', 99, 1), socket('00000004', 13, 2)), [8, 0], 'somebody else listens, too')
    assert.deepEqual(look(), [8, 0])
    assert.deepEqual(look(socket('00000004', 3, 4)), [11, 1])
    // The one that ends here had told of neither.
    listener = new FlowListener(file, sockets)
    assert.deepEqual(look(socket('00000004', 3, 4)), [3, 1])
  })
})
