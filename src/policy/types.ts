import type { Prefix } from '../base/address.ts'
import type { NameTable } from './names/table.ts'
import type { PortRange } from './ports.ts'

export type ListName = 'allow' | 'deny' | 'label'

/** Where a part of the policy was written; decides how its rules name their place. */
export type PolicyOrigin = 'file' | 'config'

/** What an entry says besides its name or prefix. Absent: the policy's default. */
export interface EntryAttributes {
  readonly ports?: readonly PortRange[]
  readonly protocols?: readonly ('tcp' | 'udp')[]
  readonly label?: string
  readonly reason?: string
  /** The wildcard may cover a public suffix. */
  readonly publicSuffix?: boolean
  /** The prefix may be shorter than the limit. */
  readonly wide?: boolean
}

export interface PolicyPrefix {
  readonly prefix: Prefix
  readonly list: ListName
  /** Index in `allow.ips` or `deny.ips`, or in the map of labels. */
  readonly position: number
  readonly attributes: EntryAttributes
}

/** What one source, the policy file or the configuration, contributes. */
export interface PolicyPart {
  readonly origin: PolicyOrigin
  /** Allowed and denied names and names with labels. Attributes are indexes into `attributes`. */
  readonly names: NameTable
  /** Index 0 is always `{}`. */
  readonly attributes: readonly EntryAttributes[]
  /** In file order. */
  readonly prefixes: readonly PolicyPrefix[]
  /** Tags of the configuration that are not in normal form, by list and normal form: `allow example.com`. */
  readonly spellings?: Readonly<Record<string, string>>
}

/** A policy that was read, checked and normalised. */
export interface Policy {
  readonly description?: string
  /** `allow.ports`; absent: 80 and 443. */
  readonly ports?: readonly PortRange[]
  readonly parts: readonly PolicyPart[]
}
