import { formatAddress } from '../../base/address.ts'
import type { Entries } from './small-collections.ts'

/** An address as a map key: one character an octet. */
export type AddressKey = string

export const addressKey = (bytes: Uint8Array): AddressKey => String.fromCharCode(...bytes)

export const addressOf = (key: AddressKey): Uint8Array => Uint8Array.from(key, (each) => each.charCodeAt(0))

export const addressText = (key: AddressKey): string => formatAddress(addressOf(key))

/** Monotonic milliseconds. */
export interface AddressTimes {
  /** Until when named may tell the address to clients and new flows may begin. */
  pinUntil: number
  /** Until when it justifies open flows. */
  heldUntil: number
}

/**
 * That a name, asked for with a type by a group, led to addresses: the whole truth about why they are pinned. Keys of
 * groups and classes, names in lower case, so that it means the same under every Plan.
 */
export interface Binding {
  readonly group: string
  readonly name: string
  readonly type: number
  /** Names of the chain of the last answer. */
  targets: readonly string[]
  /** Classes in which its addresses are pinned. */
  classKeys: readonly string[]
  /** The last answer left addresses out that another Plan may let in. */
  partial: boolean
  readonly addresses: Entries<AddressKey, AddressTimes>
}

/** Latest time at which named may still tell one of its addresses. */
export const pinnedUntil = (binding: Binding): number => {
  let latest = 0
  for (const times of binding.addresses.values()) latest = Math.max(latest, times.pinUntil)
  return latest
}
