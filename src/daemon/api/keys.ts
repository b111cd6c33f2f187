import { createHmac, timingSafeEqual } from 'node:crypto'
import { type ApiSettings, ROLES, type Role } from './settings.ts'

/** Who asks. */
export interface Caller {
  readonly id: string
  readonly role: Role
  /** From then on the key is refused, RFC 3339. */
  readonly expires?: string
}

/** Longer ones are no keys; hashing them would only cost time. */
const MAX_KEY = 256

/** 64 hex digits. One round is enough: verify admits no key that could be guessed. */
export const hashKey = (key: string, salt: string): string => createHmac('sha256', salt).update(key).digest('hex')

/** The holder of a key, whether or not its time is over, or undefined. Takes the same time whichever key matches, and whether one does. */
export function findCaller(key: string, { keys, salt }: Pick<ApiSettings, 'keys' | 'salt'>): Caller | undefined {
  const hash = Buffer.from(hashKey(key.slice(0, MAX_KEY + 1), salt))
  let found: Caller | undefined
  for (const { hash: known, ...holder } of keys) if (timingSafeEqual(Buffer.from(known), hash)) found = holder
  return key.length > MAX_KEY ? undefined : found
}

export const mayActAs = (role: Role, wanted: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(wanted)

/** By the wall clock of now, which may jump: asked at every request. */
export const isExpired = ({ expires }: Pick<Caller, 'expires'>, now = Date.now()): boolean =>
  expires !== undefined && now >= Date.parse(expires)
