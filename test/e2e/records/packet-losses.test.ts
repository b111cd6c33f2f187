import assert from 'node:assert/strict'
import { runtimePaths } from '../../../src/base/layout.ts'
import { omissionRecord } from '../../../src/daemon/records/kinds/omission-record.ts'
import { decisionRecord } from '../../../src/daemon/records/kinds/record.ts'
import { readGuardReport, services, type UnitName } from '../../../src/services/index.ts'
import { SEED, until, useLab } from '../support/lab.ts'
import { readRecords } from '../support/record-log.ts'

/** A datagram every three milliseconds, each to an address and port of its own. */
const SENDER = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(500):
    try: s.sendto(b'x', ('62.30.98.%d' % (1 + i % 250), 10000 + i))
    except OSError: pass
    time.sleep(0.003)
`

describe('denied packets that were logged and lost', () => {
  const lab = useLab(SEED)
  const unit = async (name: UnitName) =>
    (await services(lab().gateway.layout).status()).find((each) => each.name === name)!
  const counters = () => {
    const sight = readGuardReport(lab().gateway.layout, Date.now())
    return sight === undefined || 'unknown' in sight.counters ? undefined : sight.counters
  }
  const written = () => counters()?.logged.packets ?? 0
  /** Packets; a daemon that is killed tells some of them twice. */
  const recorded = () => {
    const records = readRecords(runtimePaths(lab().gateway.layout).decisions, decisionRecord)
    return new Set(records.map(({ client, address, port }) => `${client} ${address} ${port}`)).size
  }
  const omissions = (cause: string) =>
    readRecords(runtimePaths(lab().gateway.layout).omissions, omissionRecord).filter(({ event }) => event === cause)
  const told = (cause: string) => omissions(cause).reduce((sum, { count }) => sum + count!, 0)

  it('by ulogd2 that is killed under load are told to the last, also by a daemon that is killed then', async function () {
    this.timeout(60_000)
    const { pid } = await unit('clawgress-log')
    const sending = lab().agent(1).exec(['python3', '-c', SENDER])
    await until('some are recorded', 8_000, () => recorded() > 50)
    // What it has not read dies with it, and what comes until the next one listens has nobody to go to.
    process.kill(pid!, 'SIGSTOP')
    const before = written()
    await until('some wait for it', 8_000, () => written() > before)
    process.kill(pid!, 'SIGKILL')
    await sending
    process.kill((await unit('clawgressd')).pid!, 'SIGKILL')
    await until('every packet is recorded or told as lost', 25_000, () => {
      const all = written()
      return all >= 500 && recorded() + told('kernel') === all
    })
    assert.ok(told('kernel') > 0)
    // Of ended flows nobody knows how many there were.
    assert.deepEqual(
      omissions('flows').map(({ count }) => count),
      [undefined],
    )
  })
})
