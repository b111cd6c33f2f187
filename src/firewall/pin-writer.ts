import { formatAddress } from '../base/address.ts'
import { ClawgressError, type Problem } from '../base/errors.ts'
import { TABLE } from './names.ts'
import { ERRNO, errnoName } from './netlink/libc.ts'
import { MessageWriter } from './netlink/message.ts'
import {
  addElement,
  BATCH_OVERHEAD,
  beginBatch,
  deleteElement,
  elementMessageLength,
  endBatch,
} from './netlink/set-elements.ts'
import { NetlinkSocket } from './netlink/socket.ts'

/** An address in one of our sets, by set name. */
export interface SetAddress {
  readonly set: string
  readonly address: Uint8Array
}

export interface PinOperation extends SetAddress {
  readonly timeoutMs: number
}

/** An operation the kernel refused: its index among those handed in, and why. ENFILE: the set is full. */
export interface PinFailure {
  readonly index: number
  readonly errno: number
}

/** Some operations were refused; every other one of the call is in force. */
export class PinError extends ClawgressError {
  readonly failures: readonly PinFailure[]
  /** Of the first failure. */
  readonly errno: number
  readonly index: number

  constructor(failures: readonly PinFailure[], operations: readonly SetAddress[]) {
    super(failures.slice(0, 10).map((failure) => describe(failure, operations[failure.index]!)))
    this.failures = failures
    this.errno = failures[0]!.errno
    this.index = failures[0]!.index
  }
}

function describe(failure: PinFailure, operation: SetAddress): Problem {
  const why =
    failure.errno === ERRNO.ENFILE
      ? 'the set is full'
      : failure.errno === ERRNO.ENOENT
        ? 'the set does not exist'
        : `the kernel said ${errnoName(failure.errno)}`
  return {
    code: 'apply.kernel',
    message: `The address ${formatAddress(operation.address)} could not be written to set ${operation.set}: ${why}.`,
  }
}

const BUFFER_SIZE = 128 << 10
const MAX_ROUNDS = 8
/** One tick of the slowest kernel clock: the kernel rounds down to ticks, and takes zero for an element that stays. */
const LEAST_TIMEOUT_MS = 10

/**
 * Writes pin and held sets straight over netlink. Each call is one transaction (several where it does not fit 128 KiB)
 * and returns when the kernel has committed it, so that an address may be told to a client right after.
 */
export class PinWriter {
  readonly #socket = new NetlinkSocket()
  readonly #writer = new MessageWriter(BUFFER_SIZE)
  readonly #table: string

  constructor(table = TABLE) {
    this.#table = table
  }

  /**
   * Adds addresses, or restarts the timeout of those that are there, without a moment in which they are absent: `add;
   * delete; add` in one transaction is the only form that kernels 6.1 to 6.18 all take. Throws PinError.
   */
  refresh(operations: readonly PinOperation[]): void {
    this.#write(operations, 3, (operation, sequence, last) => {
      const element = {
        set: operation.set,
        key: operation.address,
        timeoutMs: Math.max(operation.timeoutMs, LEAST_TIMEOUT_MS),
      }
      addElement(this.#writer, this.#table, element, sequence, false)
      deleteElement(this.#writer, this.#table, element, sequence + 1, false)
      addElement(this.#writer, this.#table, element, sequence + 2, last)
    })
  }

  /** Removes addresses; those that are not there any more are fine. Throws PinError. */
  remove(operations: readonly SetAddress[]): void {
    const absent = ERRNO.ENOENT
    this.#write(
      operations,
      1,
      (operation, sequence, last) => {
        deleteElement(this.#writer, this.#table, { set: operation.set, key: operation.address }, sequence, last)
      },
      absent,
    )
  }

  close(): void {
    this.#socket.close()
  }

  #write<Operation extends SetAddress>(
    operations: readonly Operation[],
    messages: number,
    encode: (operation: Operation, sequence: number, last: boolean) => void,
    harmless?: number,
  ): void {
    const failures: PinFailure[] = []
    for (let first = 0; first < operations.length; ) {
      const chunk: number[] = []
      for (let room = BUFFER_SIZE - BATCH_OVERHEAD; first < operations.length; first++) {
        room -= messages * elementMessageLength(this.#table, operations[first]!.set)
        if (room < 0) break
        chunk.push(first)
      }
      failures.push(...this.#writeChunk(operations, chunk, messages, encode))
    }
    const real = failures.filter((failure) => failure.errno !== harmless)
    if (real.length > 0) throw new PinError(real, operations)
  }

  /** A refused message undoes its whole transaction, so the rest is sent again without the refused operations. */
  #writeChunk<Operation extends SetAddress>(
    operations: readonly Operation[],
    chunk: readonly number[],
    messages: number,
    encode: (operation: Operation, sequence: number, last: boolean) => void,
  ): PinFailure[] {
    const failures: PinFailure[] = []
    let pending = chunk
    for (let round = 0; pending.length > 0; round++) {
      const refused = this.#transact(operations, pending, messages, encode)
      if (refused.size === 0) return failures
      for (const [index, errno] of refused) failures.push({ index, errno })
      const rest = pending.filter((index) => !refused.has(index))
      if (round === MAX_ROUNDS - 1) {
        const [errno] = refused.values()
        return [...failures, ...rest.map((index) => ({ index, errno: errno! }))]
      }
      pending = rest
    }
    return failures
  }

  #transact<Operation extends SetAddress>(
    operations: readonly Operation[],
    pending: readonly number[],
    messages: number,
    encode: (operation: Operation, sequence: number, last: boolean) => void,
  ): Map<number, number> {
    const count = pending.length * messages + 2
    const begin = this.#socket.sequences(count)
    this.#writer.reset()
    beginBatch(this.#writer, begin)
    pending.forEach((index, place) => {
      encode(operations[index]!, begin + 1 + place * messages, place === pending.length - 1)
    })
    endBatch(this.#writer, begin + count - 1)
    const acks = this.#socket.exchange(this.#writer.buffer, this.#writer.length, begin, count)
    const refused = new Map<number, number>()
    let acknowledged = false
    for (const ack of acks) {
      if (ack.errno === 0) {
        acknowledged = true
        continue
      }
      const place = Math.floor((ack.sequence - begin - 1) / messages)
      const index = pending[place]
      // An error on the frame of the batch concerns all of it (no permission, out of memory).
      if (index === undefined) return new Map(pending.map((each) => [each, ack.errno]))
      if (!refused.has(index)) refused.set(index, ack.errno)
    }
    if (refused.size === 0 && !acknowledged) return new Map(pending.map((each) => [each, ERRNO.ENOBUFS]))
    return refused
  }
}
