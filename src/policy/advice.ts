/** What a sentence advises to write, in the words of the form that the policy is written in. */
export interface Advice {
  /** Where addresses and names are listed. */
  readonly addresses: string
  readonly names: string
  readonly publicSuffix: string
  readonly wide: string
}

export const FILE_ADVICE: Advice = {
  addresses: '"ips"',
  names: '"domains"',
  publicSuffix: 'say "public_suffix": true in an entry of its own',
  wide: 'say "wide": true in the entry',
}

export const CONFIG_ADVICE: Advice = {
  addresses: '"address"',
  names: '"domain"',
  publicSuffix: 'set public-suffix below this node',
  wide: 'set wide below this node',
}
