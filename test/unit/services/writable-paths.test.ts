import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { assetsRoot } from '../../../src/base/assets.ts'
import { type Layout, layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { namedPaths } from '../../../src/dns/index.ts'
import { prepareFolders } from '../../../src/services/folders.ts'
import { UNIT_NAMES } from '../../../src/services/unit-definition.ts'
import { unitDefinitions } from '../../../src/services/units.ts'
import { removeLayout, temporaryLayout } from './support/gateway.ts'

/** Root: handlers and the guard, which write where they like. */
type Writer = 'root' | 'clawgress-named' | 'clawgress-pinner' | 'clawgress-log' | 'clawgressd'

/** Who writes each path that more than one program knows; a new path does not compile until it stands here. */
const WRITERS: Record<keyof ReturnType<typeof runtimePaths>, Writer | readonly Writer[]> = {
  lock: 'root',
  restoreJournal: 'root',
  restoreLock: 'root',
  current: 'root',
  intent: 'root',
  generations: 'root',
  disabled: 'root',
  ulogdConfiguration: 'root',
  pinnerFolder: 'clawgress-pinner',
  journal: 'clawgress-pinner',
  pinnerSocket: 'clawgress-pinner',
  pinnerState: 'clawgress-pinner',
  supervisorSocket: 'root',
  supervisorLock: 'root',
  activationSocket: 'root',
  guardReport: 'root',
  guardFolder: 'root',
  daemonFolder: 'clawgressd',
  daemonSocket: 'clawgressd',
  daemonQuerySocket: 'clawgressd',
  namedDenials: 'clawgress-named',
  pinnerDenials: 'clawgress-pinner',
  // The daemon gives back the space of what it has read.
  nflogRecords: ['clawgress-log', 'clawgressd'],
  endedFlows: ['clawgress-log', 'clawgressd'],
  decisions: 'clawgressd',
  flows: 'clawgressd',
  lostRecords: 'root',
  commits: 'root',
  omissions: 'clawgressd',
  telemetryFolder: 'clawgressd',
  confirmation: 'root',
  alerts: 'root',
  daemonAlerts: 'clawgressd',
  alertsFolder: 'clawgressd',
  closedRuleset: 'root',
}

function writtenBy(writer: string, layout: Layout): string[] {
  const paths = runtimePaths(layout)
  return (Object.keys(WRITERS) as (keyof typeof WRITERS)[])
    .filter((key) => [WRITERS[key]].flat().some((each) => each === writer))
    .map((key) => paths[key])
}

/** Places that systemd.exec(5) leaves writable under ProtectSystem=strict; undefined: the unit may write everywhere. */
function writablePlaces(unit: string): string[] | undefined {
  const text = readFileSync(join(assetsRoot(), 'vyos-build/systemd', `${unit}.service`), 'utf8')
  if (!/^ProtectSystem=strict$/m.test(text)) return undefined
  const words = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.split(' ') ?? []
  return [
    ...words('ReadWritePaths').map((path) => path.replace(/^-/, '')),
    ...words('StateDirectory').map((name) => join('/var/lib', name)),
    ...words('RuntimeDirectory').map((name) => join('/run', name)),
    ...words('LogsDirectory').map((name) => join('/var/log', name)),
  ]
}

const isBelow = (path: string, place: string) => path === place || path.startsWith(`${place}/`)

describe('what systemd leaves writable', () => {
  for (const unit of UNIT_NAMES)
    it(`is for ${unit} every path that it writes, and no place besides`, () => {
      const places = writablePlaces(unit)
      const written = writtenBy(unit, layoutBelow(''))
      if (places === undefined) return assert.deepEqual(written, [], `${unit} is root's`)
      for (const path of written)
        assert.ok(
          places.some((place) => isBelow(path, place)),
          `${unit} writes ${path}`,
        )
      for (const place of places)
        assert.ok(
          written.some((path) => isBelow(path, place)),
          `${unit} writes below ${place}`,
        )
    })

  it('is for named all that its configuration names', () => {
    const places = writablePlaces('clawgress-named')!
    for (const path of Object.values(namedPaths(layoutBelow(''))).filter((each) => typeof each === 'string'))
      assert.ok(
        places.some((place) => isBelow(path, place)),
        path,
      )
  })

  it('is made by root beforehand, for the user of the unit', () => {
    const layout = temporaryLayout()
    try {
      prepareFolders(layout)
      for (const { name, user } of unitDefinitions(layout).filter(({ name }) => name !== 'clawgress-named'))
        for (const path of writtenBy(name, layout)) {
          const place = existsSync(path) ? path : dirname(path)
          const { status } = spawnSync('setpriv', [
            ...['--reuid', user, '--regid', user, '--init-groups', '--', 'test', '-w', place],
          ])
          assert.equal(status, 0, `${name} cannot write ${path}`)
        }
    } finally {
      removeLayout(layout)
    }
  })
})
