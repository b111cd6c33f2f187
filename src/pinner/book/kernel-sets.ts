import {
  heldSetName,
  PinError,
  type PinFailure,
  type PinOperation,
  pinSetName,
  type SetAddress,
} from '../../firewall/index.ts'
import { type AddressKey, type AddressTimes, addressOf } from './binding.ts'

/** What is needed of the kernel: `PinWriter` of the firewall. */
export interface SetWriter {
  refresh(operations: readonly PinOperation[]): void
  remove(operations: readonly SetAddress[]): void
}

/** An address of a group in one class: one element in the pin set, one in the held set. */
export interface Pair {
  readonly group: string
  readonly classKey: string
  readonly address: AddressKey
}

const familyOfKey = (key: AddressKey) => (key.length === 4 ? 4 : 6)

export const pinElement = ({ group, classKey, address }: Pair): SetAddress => ({
  set: pinSetName({ key: group }, { key: classKey }, familyOfKey(address)),
  address: addressOf(address),
})

export const heldElement = ({ group, classKey, address }: Pair): SetAddress => ({
  set: heldSetName({ key: group }, { key: classKey }, familyOfKey(address)),
  address: addressOf(address),
})

/** The operations that make the pair's elements live until the times given; those in the past are left out. */
export function refreshOperations(pair: Pair, times: AddressTimes, now: number): PinOperation[] {
  const operations: PinOperation[] = []
  if (times.pinUntil > now) operations.push({ ...pinElement(pair), timeoutMs: times.pinUntil - now })
  if (times.heldUntil > now) operations.push({ ...heldElement(pair), timeoutMs: times.heldUntil - now })
  return operations
}

/** Operations tried once more by themselves; beyond it they count as refused. */
const MOST_SUSPECTS = 256

/**
 * Carries the operations out and returns those that the kernel refused. A refused addition to a full set makes Linux
 * (6.18) refuse refreshes that follow it in the same transaction, too: so each one that was refused is tried once more
 * by itself before it is believed. Throws where the kernel takes nothing at all.
 */
export function refreshAll(writer: SetWriter, operations: readonly PinOperation[]): readonly PinFailure[] {
  if (operations.length === 0) return []
  const suspects = refused(writer, operations)
  if (suspects.length < 2) return suspects
  return suspects.filter(({ index }, i) => i >= MOST_SUSPECTS || refused(writer, [operations[index]!]).length > 0)
}

function refused(writer: SetWriter, operations: readonly PinOperation[]): readonly PinFailure[] {
  try {
    writer.refresh(operations)
    return []
  } catch (error) {
    if (error instanceof PinError) return error.failures
    throw error
  }
}
