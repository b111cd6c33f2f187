import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../../base/errors.ts'
import type { ViewState, ZoneState } from '../zones/state.ts'
import { canaryName, type ZoneName } from '../zones/zone-names.ts'
import { ViewProbe } from './probe.ts'

/** Milliseconds between two looks: short at first, because small zones are live in 20 ms. */
const FIRST_PAUSE = 2
const LONGEST_PAUSE = 40

/** Milliseconds that zones of so many entries may take to come into force: far more than they do. */
export const proofTime = (entries: number): number => 10_000 + entries * 0.06

/**
 * Asks again and again until `seen` answers true. Returns false when `deadline` passes: milliseconds of the clock that is
 * never set (`performance.now()`), because others are, at a boot above all.
 */
export async function poll(seen: () => Promise<boolean>, deadline: number): Promise<boolean> {
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
    if (await seen()) return true
    if (performance.now() >= deadline) return false
    await sleep(pause)
  }
}

/** Waits for a zone's canary in its view. Throws `apply.proof`. */
export async function awaitCanary(probe: ViewProbe, view: ViewState, zone: ZoneName, deadline: number): Promise<void> {
  const { hash } = view.zones[zone]
  if (!(await poll(() => probe.sees(canaryName(zone, hash)), deadline)))
    fail('apply.proof', `named did not bring zone ${zone} of view ${view.view} into force in time; its log says why.`)
}

/** Waits until a name that nobody lists is denied in the way it shall be. Throws `apply.proof`. */
export async function awaitDenial(
  probe: ViewProbe,
  view: string,
  wanted: ZoneState['denyAnswer'],
  deadline: number,
): Promise<void> {
  let last = ''
  const seen = async () => {
    last = await probe.denial()
    return last === wanted
  }
  if (!(await poll(seen, deadline)))
    fail('apply.proof', `In view ${view} of named an unlisted name gets ${last} where it should get ${wanted}.`)
}

/**
 * Proves a generation: in every view the canaries of gateway, revoke, overlay and base answer, and an unlisted name is denied.
 * `deadline`: as of `poll`; absent: by the size of the zones. Throws `apply.proof`.
 */
export async function awaitCanaries(
  state: ZoneState,
  deadline = performance.now() + proofTime(entriesOf(state)),
): Promise<void> {
  await Promise.all(
    state.views.map((view) =>
      withProbe(view.groupId, async (probe) => {
        for (const zone of ['g', 'r', 'o', 'b'] as const) await awaitCanary(probe, view, zone, deadline)
        await awaitDenial(probe, view.view, state.denyAnswer, deadline)
      }),
    ),
  )
}

export async function withProbe<T>(groupId: number, work: (probe: ViewProbe) => Promise<T>): Promise<T> {
  const probe = new ViewProbe(groupId)
  try {
    return await work(probe)
  } finally {
    probe.close()
  }
}

export const entriesOf = (state: ZoneState): number =>
  state.views.reduce((sum, { zones }) => sum + zones.r.entries + zones.o.entries + zones.b.entries, 0)
