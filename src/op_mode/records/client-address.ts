import { type AddressBytes, formatAddress, parseAddress } from '../../base/address.ts'
import { fail } from '../../base/errors.ts'

/** The client that a command was told. Throws `config.value` where it is no address. */
export const clientBytes = (text: string): AddressBytes =>
  parseAddress(text) ?? fail('config.value', `The client "${text}" is not an IP address.`)

/** The same as records write it. */
export const clientText = (text: string): string => formatAddress(clientBytes(text))
