import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { layoutBelow } from '../../../src/base/layout.ts'
import { systemdServices } from '../../../src/services/systemd.ts'

/** Tells what stands in the file beside it, and does not carry out orders. */
const SYSTEMCTL = `#!/bin/sh
case "$2" in
  show) cat "$(dirname "$0")/shown" ;;
  reset-failed) ;;
  *) echo "Refused." >&2; exit 1 ;;
esac
`
/** Has been there for long, and does next to nothing. */
const OLD = 1

describe('a unit of systemd that a commit asks for', () => {
  const { PATH } = process.env
  let folder: string
  let young: ChildProcess

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-systemd-'))
    writeFileSync(join(folder, 'systemctl'), SYSTEMCTL, { mode: 0o755 })
    process.env.PATH = `${folder}:${PATH}`
    young = spawn('sleep', ['60'])
  })
  after(() => {
    process.env.PATH = PATH
    young.kill()
    rmSync(folder, { recursive: true })
  })

  for (const [what, verb, shown] of [
    [
      'is started anew where it has been silent for longer than a start takes',
      'restart',
      () => ['active', 'running', OLD],
    ],
    ['is left to start where it may be at that still', 'start', () => ['active', 'running', young.pid]],
    ['is started where it does not run', 'start', () => ['inactive', 'dead', 0]],
  ] as const)
    it(what, async () => {
      const [active, sub, pid] = shown()
      const lines = [`ActiveState=${active}`, `SubState=${sub}`, `MainPID=${pid}`, 'NRestarts=0', 'Result=success']
      writeFileSync(join(folder, 'shown'), ['Id=clawgress-pinner.service', ...lines, ''].join('\n'))
      const asked = systemdServices(layoutBelow(join(folder, 'root'))).ensure('clawgress-pinner')
      await assert.rejects(asked, new RegExp(`^[^\\n]*systemd could not ${verb} clawgress-pinner: Refused\\.`))
    })
})
