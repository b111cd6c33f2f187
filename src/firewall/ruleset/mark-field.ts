import { fail } from '../../base/errors.ts'

/**
 * The bits of ct mark that say under which ruleset a flow was admitted: 0 never, 1 … `lastGeneration` the number of the
 * ruleset, `dead` a refused flow one of whose ends has sent its reset, `inbound` a flow that began outside and is never
 * judged again.
 */
export interface MarkField {
  readonly mask: number
  readonly lastGeneration: number
  readonly dead: number
  readonly inbound: number
  /** The field's bits for a number. */
  bits(number: number): number
  /** The number in a whole ct mark. */
  number(mark: number): number
}

/** Throws ClawgressError `config.value` where the bits are not contiguous, or fewer than three. */
export function markField(mask: number): MarkField {
  const bits = mask >>> 0
  const shift = bits === 0 ? 0 : 31 - Math.clz32(bits & -bits)
  const inbound = bits >>> shift
  if (inbound < 7 || (inbound & (inbound + 1)) !== 0) {
    fail('config.value', `The mark mask ${hex(bits)} must be at least three bits without a gap.`)
  }
  return {
    mask: bits,
    lastGeneration: inbound - 2,
    dead: inbound - 1,
    inbound,
    bits: (number) => (number << shift) >>> 0,
    number: (mark) => (mark & bits) >>> shift,
  }
}

/** As nft prints marks: 0x and eight digits. */
export const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`

/** Accepts, and writes the number into the flow's mark without touching bits outside the field. */
export const stamp = (field: MarkField, number: number): string =>
  `ct mark set ct mark & ${hex(~field.mask)} | ${hex(field.bits(number))} accept`
