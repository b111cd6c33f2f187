import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { replaceWhole } from '../base/atomic-file.ts'
import { ClawgressError } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { systemUser } from '../base/system-users.ts'
import { ALERT_SETTINGS_FILE, type AlertSettings } from '../daemon/alerts/settings.ts'
import { API_SETTINGS_FILE, type ApiSettings } from '../daemon/api/settings.ts'
import { WHY_SETTINGS_FILE, type WhySettings } from '../daemon/why/settings.ts'
import { loadPlan, type Plan, writePlan } from '../plan/index.ts'
import type { Policy } from '../policy/index.ts'
import type { HandlerInput } from './handler-input.ts'
import { type PolicySources, writeSources } from './policy/policy-sources.ts'
import { writeTerms } from './policy/stored-policy.ts'

/** A generation's folder: everything that is enforced, in the form in which the programs read it. */
export interface Generation {
  readonly id: string
  readonly folder: string
  readonly plan: Plan
}

/** What a generation came from, kept beside it for history, `show clawgress policy` and the next import. */
export interface GenerationSource {
  readonly policy: Policy
  readonly sources: PolicySources
  readonly input: HandlerInput
  /** Absent where no API is configured. */
  readonly api: ApiSettings | undefined
  /** Absent where the why page is turned off. */
  readonly why: WhySettings | undefined
  /** Absent where only the built-in alerts are wanted. */
  readonly alerts: AlertSettings | undefined
}

/** Policies that mean the same may be written differently: the newest wording is the one that is shown and kept. */
export function writeSource(folder: string, { sources, input, api, why, alerts }: GenerationSource): void {
  writeSources(folder, sources)
  replaceWhole(
    join(folder, 'source.json'),
    JSON.stringify({ policyFile: sources.file?.path, config: sources.nodes !== undefined }),
    0o644,
  )
  replaceWhole(join(folder, 'input.json'), JSON.stringify(input), 0o600)
  writeDaemonSettings(join(folder, API_SETTINGS_FILE), api)
  writeDaemonSettings(join(folder, WHY_SETTINGS_FILE), why)
  writeDaemonSettings(join(folder, ALERT_SETTINGS_FILE), alerts)
}

/** They hold private keys, secrets and hashes of keys: for root and the gateway's programs alone. */
function writeDaemonSettings(path: string, settings: ApiSettings | WhySettings | AlertSettings | undefined): void {
  if (settings === undefined) rmSync(path, { force: true })
  else replaceWhole(path, JSON.stringify(settings), 0o640, systemUser('clawgress')?.gid)
}

/**
 * Writes the generation's folder aside and renames it when it is whole. A whole folder of the same generation is
 * used as it is: equal generations have equal content.
 */
export function writeGeneration(layout: Layout, plan: Plan, source: GenerationSource): Generation {
  const folder = join(runtimePaths(layout).generations, plan.generation)
  const generation = { id: plan.generation, folder, plan }
  if (readPlan(folder) !== undefined) return generation
  const aside = `${folder}.new-${process.pid}`
  rmSync(aside, { recursive: true, force: true })
  try {
    mkdirSync(aside, { recursive: true, mode: 0o755 })
    writeSource(aside, source)
    writeTerms(source.policy, aside)
    writePlan(plan, join(aside, 'plan'))
    rmSync(folder, { recursive: true, force: true })
    renameSync(aside, folder)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    throw error
  }
  return generation
}

/** Identifier of the generation that was last proven live. */
export function liveId(layout: Layout): string | undefined {
  try {
    return basename(readlinkSync(runtimePaths(layout).current))
  } catch {
    return undefined
  }
}

/** The generation that was last proven live; undefined before the first, and where its Plan is not readable any more. */
export function currentGeneration(layout: Layout): Generation | undefined {
  const { current } = runtimePaths(layout)
  let folder: string
  try {
    folder = readlinkSync(current)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const plan = readPlan(folder)
  return plan === undefined ? undefined : { id: basename(folder), folder, plan }
}

/** Undefined where the folder holds no whole Plan of this version: a commit writes it anew. */
function readPlan(folder: string): Plan | undefined {
  try {
    return loadPlan(join(folder, 'plan'))
  } catch (error) {
    if (error instanceof ClawgressError) return undefined
    throw error
  }
}

/** Makes the generation the current one: a symbolic link replaced by rename. */
export function switchCurrent(layout: Layout, generation: Generation): void {
  const { current } = runtimePaths(layout)
  const aside = `${current}.new`
  rmSync(aside, { force: true })
  symlinkSync(generation.folder, aside)
  renameSync(aside, current)
}

/** Drops generation folders but the given ones; leftovers of killed commits too. */
export function dropOldGenerations(layout: Layout, keep: readonly Generation[]): void {
  const { generations } = runtimePaths(layout)
  if (!existsSync(generations)) return
  const kept = new Set(keep.map(({ id }) => id))
  const names = readdirSync(generations).filter((name) => !kept.has(name))
  const isWhole = (name: string) => existsSync(join(generations, name, 'plan', 'plan.json')) && !name.includes('.new-')
  for (const name of names.filter((name) => !isWhole(name)))
    rmSync(join(generations, name), { recursive: true, force: true })
  const old = names
    .filter(isWhole)
    .map((name) => join(generations, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  // The newest of the rest stays: the next commit back to it need not write it again.
  for (const folder of old.slice(1)) rmSync(folder, { recursive: true, force: true })
}

/** What an apply under way wants; left behind by a killed one, so that the next knows that nothing is proven. */
export interface Intent {
  readonly generation: string
  /** Absent: removal of everything. */
  readonly pid: number
  readonly since: string
}

export function writeIntent(layout: Layout, generation: string): void {
  const { intent } = runtimePaths(layout)
  const value: Intent = { generation, pid: process.pid, since: new Date().toISOString() }
  writeFileSync(`${intent}.new`, JSON.stringify(value))
  renameSync(`${intent}.new`, intent)
}

export function readIntent(layout: Layout): Intent | undefined {
  try {
    return JSON.parse(readFileSync(runtimePaths(layout).intent, 'utf8')) as Intent
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export const clearIntent = (layout: Layout): void => rmSync(runtimePaths(layout).intent, { force: true })
