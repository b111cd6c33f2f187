import type { Family } from '../base/address.ts'

/** What makes VyOS track connections of both families, whatever else is configured. */
const REMEDY = 'set firewall global-options state-policy established action accept'

/** "all packets", or those of one family. */
const packets = (families: readonly Family[]): string =>
  families.length > 1 ? 'all packets' : `all IPv${families[0]} packets`

/** For a commit that cannot go on. */
export const untrackedProblem = (families: readonly Family[]): string =>
  `This router takes ${packets(families)} out of connection tracking, so no reply could be told from a new connection; ${REMEDY} first.`

/** For a commit that goes on, because no client uses the family now. */
export const untrackedWarning = (families: readonly Family[]): string =>
  `This router takes ${packets(families)} out of connection tracking, so nothing of clients passes there; where they are to use it, ${REMEDY}.`

/** For an operator who looks at what is live. */
export const untrackedTrouble = (families: readonly Family[]): string =>
  `This router takes ${packets(families)} out of connection tracking, so nothing of clients passes there. Enter "${REMEDY}" in configuration mode, and commit.`
