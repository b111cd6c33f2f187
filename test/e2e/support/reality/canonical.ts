import { formatAddress, parseAddress } from '../../../../src/base/address.ts'

/** The one text form of an address. */
export const canonical = (text: string): string => formatAddress(parseAddress(text)!)
