import { createHash, type Hash } from 'node:crypto'
import { formatPrefix } from '../base/address.ts'
import type { Policy, PolicyPart } from '../policy/index.ts'
import type { PlanSettings } from './types.ts'

/** Rises whenever the same policy and settings compile to something else. */
export const COMPILER_VERSION = '1'

const octets = (array: Uint32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

const digest = (hash: Hash): string => hash.digest('hex').slice(0, 16)

/**
 * 16 hex digits over what the policy says in normal form: the same on every machine, whatever the file's spacing,
 * order of keys or spelling of names. Names are hashed as the flat table has them, so a million cost one pass.
 */
export function hashPolicy(policy: Policy): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([policy.description ?? null, policy.ports ?? null, policy.parts.length]))
  for (const part of policy.parts) addPart(hash, part)
  return digest(hash)
}

function addPart(hash: Hash, part: PolicyPart): void {
  const { names } = part
  const prefixes = part.prefixes.map((entry) => [
    formatPrefix(entry.prefix),
    entry.list,
    entry.position,
    entry.attributes,
  ])
  hash.update(JSON.stringify([part.origin, part.attributes, prefixes, names.size]))
  hash.update(names.blob)
  hash.update(octets(names.attributes))
  hash.update(octets(names.positions))
}

/** 16 hex digits over the settings, whatever the order of their keys. */
export function hashSettings(settings: PlanSettings): string {
  const text = JSON.stringify(settings, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
  return digest(createHash('sha256').update(text))
}

/** 16 hex digits: which policy, under which settings, compiled by which compiler. */
export const generationOf = (policyHash: string, settingsHash: string): string =>
  digest(createHash('sha256').update(`${policyHash} ${settingsHash} ${COMPILER_VERSION}`))
