import { isAbsolute } from 'node:path'
import { parseAddress } from '../../base/address.ts'
import { fail } from '../../base/errors.ts'
import { nameKey, typeName } from '../../dns/message/index.ts'
import { addressKey, addressText, type Binding } from '../book/binding.ts'
import { restorePins } from '../commit/restore-pins.ts'
import type { Pinner } from '../pinner.ts'
import type { ControlRequest, ControlResults, PinnedName } from './protocol.ts'

type Handlers = {
  readonly [Command in keyof ControlResults]: (
    pinner: Pinner,
    request: ControlRequest,
  ) => ControlResults[Command] | Promise<ControlResults[Command]>
}

const HANDLERS: Handlers = {
  status: (pinner) => pinner.status(),
  load: (pinner, request) => pinner.planSwitch.load(folder(request)),
  stage: (pinner, request) => pinner.planSwitch.stage(folder(request)),
  activate: (pinner) => pinner.planSwitch.activate(),
  abort: (pinner) => pinner.planSwitch.abort(),
  pins: listPins,
  whois,
  restore,
  reset: (pinner) => ({ flush: pinner.planSwitch.flushLists(pinner.store.reset()) }),
  sweep: (pinner) => pinner.sweep(),
  metrics: (pinner) => pinner.metrics(),
  resolved: (pinner) => pinner.resolved.take(),
}

/** Carries a request out. Throws ClawgressError. */
export async function runCommand(pinner: Pinner, request: ControlRequest): Promise<unknown> {
  if (!Object.hasOwn(HANDLERS, request.command)) {
    fail('config.value', `The pinner has no command "${request.command.slice(0, 40)}".`)
  }
  return await HANDLERS[request.command as keyof Handlers](pinner, request)
}

function folder({ dir }: ControlRequest): string {
  if (typeof dir === 'string' && isAbsolute(dir)) return dir
  return fail('config.value', 'The command needs "dir", the absolute path of a generation folder.')
}

async function restore(pinner: Pinner): Promise<ControlResults['restore']> {
  const { pins, failed } = await restorePins(pinner.store, pinner.policy)
  return { pins, flush: pinner.planSwitch.flushLists(pinner.store.toldNames(failed)) }
}

function listPins(pinner: Pinner, request: ControlRequest): ControlResults['pins'] {
  const { name, group, limit } = request
  const most = Math.min(pinner.limits.pinsListed, typeof limit === 'number' && limit > 0 ? Math.floor(limit) : 1000)
  const wanted = typeof name === 'string' ? nameKey(name.replace(/\.$/, '')) : undefined
  const groups = new Map(pinner.policy.active?.plan.groups.map((each) => [each.key, each.name]))
  const now = pinner.now()
  const pins: PinnedName[] = []
  let total = 0
  for (const binding of pinner.store.book.all()) {
    const groupName = groups.get(binding.group) ?? binding.group
    if (wanted !== undefined && binding.name !== wanted) continue
    if (typeof group === 'string' && group !== binding.group && group !== groupName) continue
    if (++total <= most) pins.push(pinnedName(binding, groupName, now))
  }
  return { pins, total }
}

const pinnedName = (binding: Binding, group: string, now: number): PinnedName => ({
  group,
  name: binding.name,
  type: typeName(binding.type),
  targets: binding.targets,
  classes: binding.classKeys,
  addresses: [...binding.addresses].map(([key, times]) => ({
    address: addressText(key),
    pinnedMs: Math.max(0, times.pinUntil - now),
    heldMs: Math.max(0, times.heldUntil - now),
  })),
})

function whois(pinner: Pinner, { addresses }: ControlRequest): ControlResults['whois'] {
  if (!Array.isArray(addresses) || addresses.length > pinner.limits.whoisAddresses) {
    fail('config.value', `The command needs "addresses", a list of at most ${pinner.limits.whoisAddresses}.`)
  }
  const { book } = pinner.store
  const groups = new Map(pinner.policy.active?.plan.groups.map((each) => [each.key, each.name]))
  const found: Record<string, { group: string; name: string }[]> = {}
  for (const text of addresses as unknown[]) {
    const bytes = typeof text === 'string' ? parseAddress(text) : undefined
    if (bytes === undefined) continue
    const names = new Map<string, { group: string; name: string }>()
    for (const group of book.groupKeys()) {
      for (const { name } of book.entry(group, addressKey(bytes))?.bindings ?? []) {
        names.set(`${group} ${name}`, { group: groups.get(group) ?? group, name })
      }
    }
    if (names.size > 0) found[text as string] = [...names.values()]
  }
  return { addresses: found }
}
