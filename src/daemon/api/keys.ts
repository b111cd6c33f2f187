import { createHmac, timingSafeEqual } from 'node:crypto'
import { type ApiSettings, ROLES, type Role } from './settings.ts'

/** Who asks. */
export interface Caller {
  readonly id: string
  readonly role: Role
}

/** Longer ones are no keys; hashing them would only cost time. */
const MAX_KEY = 256

/** 64 hex digits. One round is enough: verify admits no key that could be guessed. */
export const hashKey = (key: string, salt: string): string => createHmac('sha256', salt).update(key).digest('hex')

/** The holder of a key, or undefined. Takes the same time whichever key matches, and whether one does. */
export function findCaller(key: string, { keys, salt }: Pick<ApiSettings, 'keys' | 'salt'>): Caller | undefined {
  const hash = Buffer.from(hashKey(key.slice(0, MAX_KEY + 1), salt))
  let found: Caller | undefined
  for (const each of keys) if (timingSafeEqual(Buffer.from(each.hash), hash)) found = { id: each.id, role: each.role }
  return key.length > MAX_KEY ? undefined : found
}

export const mayActAs = (role: Role, wanted: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(wanted)
