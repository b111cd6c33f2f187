import type { Family } from '../base/address.ts'

/** Our only table, family inet. */
export const TABLE = 'clawgress'

type Keyed = { readonly key: string }

/** Set of addresses that a group may open new connections to on a class's ports. Written by the pinner. */
export const pinSetName = (group: Keyed, cls: Keyed, family: Family): string => `pin${family}_${group.key}_${cls.key}`

/** Set of addresses that justify open flows when they are judged again after a commit. Outlives the pin. */
export const heldSetName = (group: Keyed, cls: Keyed, family: Family): string => `held${family}_${group.key}_${cls.key}`

/** Is it a set that the pinner fills? */
export const isDynamicSet = (set: string): boolean => /^(pin|held)[46]_/.test(set)
