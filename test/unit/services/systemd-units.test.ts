import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { assetsRoot } from '../../../src/base/assets.ts'
import { layoutBelow } from '../../../src/base/layout.ts'
import { ownCommand } from '../../../src/base/own-command.ts'
import { readStatuses } from '../../../src/services/systemd.ts'
import { UNIT_NAMES } from '../../../src/services/unit-definition.ts'
import { unitDefinitions } from '../../../src/services/units.ts'

const FOLDER = join(assetsRoot(), 'vyos-build/systemd')

/** `[Service]` and the others as one map; later lines win, as in systemd for the directives used here. */
function readUnit(name: string): Map<string, string> {
  const lines = readFileSync(join(FOLDER, `${name}.service`), 'utf8').split('\n')
  return new Map(
    lines
      .filter((line) => /^[A-Za-z]+=/.test(line))
      .map((line) => {
        const [key, ...value] = line.split('=')
        return [key!, value.join('=')]
      }),
  )
}

describe('systemd units', () => {
  for (const definition of unitDefinitions(layoutBelow(''))) {
    it(`${definition.name} says the same as the supervisor's definition`, () => {
      const unit = readUnit(definition.name)
      const own = ownCommand().join(' ')
      const argv = definition.argv.join(' ').replace(own, '/usr/bin/clawgress')
      assert.equal(unit.get('Description'), definition.description)
      assert.equal(unit.get('ExecStart'), argv)
      const variables = Object.entries(definition.environment ?? {}).map((pair) => `"${pair.join('=')}"`)
      assert.equal(unit.get('Environment') ?? '', variables.join(' '))
      assert.equal(unit.get('User') ?? 'root', definition.user)
      if (definition.capabilities !== 'all') {
        const capabilities = definition.capabilities.map((name) => `CAP_${name.toUpperCase()}`).join(' ')
        assert.equal(unit.get('AmbientCapabilities'), capabilities)
        assert.equal(unit.get('CapabilityBoundingSet'), capabilities)
      }
      const memory = unit.get('MemoryMax')!
      const mebibytes = memory.endsWith('%')
        ? Math.floor(((totalmem() / 2 ** 20) * Number.parseInt(memory, 10)) / 100)
        : Number.parseInt(memory, 10) * (memory.endsWith('G') ? 1024 : 1)
      assert.equal(mebibytes, definition.memoryLimitMiB)
      assert.equal(Number(unit.get('TimeoutStopSec')) * 1000, definition.stopTimeoutMs)
      assert.equal(Number(unit.get('WatchdogSec') ?? Number.NaN) * 1000, definition.watchdogMs ?? Number.NaN)
      assert.equal(unit.has('NotifyAccess'), definition.watchdogMs !== undefined)
      if (definition.watchdogMs !== undefined) {
        assert.equal(unit.get('Type'), 'notify')
        assert.equal(Number(unit.get('TimeoutStartSec')) * 1000, definition.readyTimeoutMs)
      }
      assert.equal(Number.parseInt(unit.get('UMask')!, 8), definition.umask)
      assert.equal(unit.has('ExecReload'), definition.reloadSignal !== undefined)
    })
  }

  it('come back always, without giving up, and without new privileges', () => {
    for (const name of UNIT_NAMES) {
      const unit = readUnit(name)
      assert.equal(unit.get('Restart'), 'always', name)
      assert.equal(unit.get('RestartSec'), '100ms', name)
      assert.equal(unit.get('StartLimitIntervalSec'), '0', name)
      assert.equal(unit.get('NoNewPrivileges'), 'yes', name)
    }
  })

  it('let Node start where the processor has memory protection keys', () => {
    for (const name of UNIT_NAMES) {
      const unit = readUnit(name)
      const calls = unit.get('SystemCallFilter')
      if (calls !== undefined && unit.get('ExecStart')!.startsWith('/usr/bin/clawgress '))
        assert.ok(calls.split(' ').includes('@pkey'), name)
    }
  })

  it('let the guard prepare the shared folders, whose group bit RestrictSUIDSGID would refuse', () => {
    assert.equal(readUnit('clawgress-guard').has('RestrictSUIDSGID'), false)
  })

  it("let the guard's configuration sessions reach /dev/fuse, for a session without it sees nothing and deletes all", () => {
    const guard = readUnit('clawgress-guard')
    assert.equal(guard.has('PrivateDevices'), false)
    assert.equal(guard.get('DeviceAllow'), '/dev/fuse rw')
  })

  it('are accepted by systemd-analyze without a word', () => {
    const root = mkdtempSync(join(tmpdir(), 'clawgress-units-'))
    try {
      // The one thing that is not there outside of a package: the installed program.
      const program = join(root, 'clawgress')
      writeFileSync(program, '#!/bin/sh\n')
      chmodSync(program, 0o755)
      mkdirSync(join(root, 'units'))
      cpSync(FOLDER, join(root, 'units'), { recursive: true })
      for (const file of readdirSync(join(root, 'units'))) {
        const path = join(root, 'units', file)
        writeFileSync(path, readFileSync(path, 'utf8').replaceAll('/usr/bin/clawgress', program))
      }
      const files = readdirSync(join(root, 'units')).map((file) => join(root, 'units', file))
      assert.equal(files.length, UNIT_NAMES.length + 1)
      const verified = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' })
      assert.equal(verified.stderr, '')
      assert.equal(verified.status, 0)
    } finally {
      rmSync(root, { recursive: true })
    }
  })

  it('are read as systemctl shows them', () => {
    const shown = (lines: string[]) =>
      readStatuses([{ name: 'clawgressd', description: 'daemon' }], ['Id=clawgressd.service', ...lines].join('\n'))[0]!
    const running = ['MainPID=812', 'NRestarts=2', 'Result=success', 'ExecMainStartTimestamp=@1700000000']
    assert.deepEqual(shown(['ActiveState=active', 'SubState=running', ...running]), {
      name: 'clawgressd',
      description: 'daemon',
      state: 'running',
      pid: 812,
      since: 1_700_000_000_000,
      restarts: 2,
    })
    const ended = ['MainPID=0', 'NRestarts=0', 'Result=exit-code', 'ExecMainStatus=1']
    assert.equal(shown(['ActiveState=activating', 'SubState=auto-restart', ...ended]).state, 'waiting')
    const failed = shown(['ActiveState=failed', 'SubState=failed', ...ended])
    assert.deepEqual([failed.state, failed.lastExit, failed.pid], ['failed', 'exit-code, status 1', undefined])
    assert.equal(shown(['ActiveState=inactive', 'SubState=dead', 'MainPID=0', 'NRestarts=0']).state, 'stopped')
  })

  it('are each read from what systemctl shows of several, in the order in which they are asked for', () => {
    const units = UNIT_NAMES.map((name) => ({ name, description: name }))
    const states = ['active', 'failed', 'active', 'inactive', 'active']
    const shown = units.map(
      ({ name }, i) => `MainPID=${i}\nId=${name}.service\nActiveState=${states[i]}\nNRestarts=${i}\n`,
    )
    const expected = units.map(({ name }, i) => [name, ['running', 'failed', 'running', 'stopped', 'running'][i], i])
    assert.deepEqual(
      readStatuses(units, shown.reverse().join('\n')).map(({ name, state, restarts }) => [name, state, restarts]),
      expected,
    )
  })

  it('are not taken for stopped where systemctl does not tell of them', () => {
    const units = [
      { name: 'clawgressd', description: 'daemon' },
      { name: 'clawgress-log', description: 'log' },
    ]
    assert.throws(() => readStatuses(units, ''), /the state of clawgressd\.service.*apply\.service/)
    const shown = 'Id=clawgressd.service\nActiveState=active\n'
    assert.throws(() => readStatuses(units, shown), /the state of clawgress-log\.service.*apply\.service/)
  })
})
