import type { Prefix } from '../base/address.ts'
import type { ReasonCode } from '../base/reasons.ts'

/** Inclusive. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

export type Protocol = 'tcp' | 'udp'

/**
 * Names and prefixes that share ports and protocols share one pin class, and so one pin set per group and family.
 * The key is derived from the content, so that a class keeps its sets across commits.
 */
export interface PinClass {
  /** Index into `Plan.classes`. */
  readonly id: number
  /** 8 lower-case hex digits, stable for the same content. Part of nftables set names. */
  readonly key: string
  readonly tcp: readonly PortRange[]
  readonly udp: readonly PortRange[]
}

/** Which line of the policy said so. */
export interface Rule {
  /** JSON path in the policy file: `$.allow.domains[3]`, or a configuration path. */
  readonly path: string
  /** The entry as written, normalised: `*.example.com`, `1.2.3.0/24`. */
  readonly text: string
}

/** A listed prefix, aggregated with its neighbours of the same class. */
export interface StaticPrefix {
  readonly prefix: Prefix
  readonly classId: number
}

/** A prefix as the policy lists it, before aggregation: for the rules and labels of decisions. */
export interface PrefixEntry {
  readonly prefix: Prefix
  readonly list: 'allow' | 'deny' | 'label'
  /** JSON path in the policy file, or a configuration path. */
  readonly path: string
  readonly label?: string
}

/** A set of policed clients with one policy. Group 0 is the default: every policed client in no other group. */
export interface Group {
  /** Index into `Plan.groups`; selects view, pinner address and probe address. */
  readonly id: number
  readonly name: string
  /** `default`, or 8 hex digits derived from the name. Part of nftables set and chain names. */
  readonly key: string
  /** Client prefixes; empty for the default group. */
  readonly sources: readonly Prefix[]
  /** Aggregated, deny lists already subtracted in meaning (deny is checked first). */
  readonly statics: readonly StaticPrefix[]
  /** Aggregated; a denied IPv4 prefix stands here in its NAT64 and 6to4 forms too. */
  readonly denyPrefixes: readonly Prefix[]
  /** In the policy's order. */
  readonly prefixEntries: readonly PrefixEntry[]
  /** Classes that names or prefixes of this group use. */
  readonly classIds: readonly number[]
}

/** Settings that are part of the Plan, because decisions, named, kernel or pinner depend on them. */
export interface PlanSettings {
  readonly clientInterfaces: readonly string[]
  /** Empty: every source that routes back through its interface is served. */
  readonly clientNetworks: readonly Prefix[]
  /** Where clients reach DNS. Never empty; both families where the interfaces have both. */
  readonly listenAddresses: readonly string[]
  readonly nameServers: readonly NameServer[]
  readonly denyAnswer: 'nxdomain' | 'nodata'
  /** MiB per view. */
  readonly cacheSizeMiB: number
  /** Seconds: ceiling of named's cache and of pins. */
  readonly maxTtl: number
  /** Seconds an address stays reachable past its TTL. */
  readonly pinSlack: number
  /** File paths; absent: built in. For private roots and labs. */
  readonly rootHints?: string
  readonly trustAnchors?: string
  readonly denyAction: 'reject' | 'drop'
  readonly keepEstablished: boolean
  /** Bits of ct mark that carry the generation, contiguous. Default 0xfff00000. */
  readonly markMask: number
  /** Addresses of the router itself and its on-link prefixes at commit time: never reachable through a name. */
  readonly ownPrefixes: readonly Prefix[]
  /** The page that tells clients why they were refused, on the listen addresses; absent: there is none. */
  readonly whyPage?: WhyPage
  /** What clients reach on the gateway beside DNS and ping; absent: nothing. */
  readonly clientServices?: readonly ClientService[]
  /** syslog facility for decision records. */
  readonly syslogFacility: string
  /** Whether denials, and allowed flows, are written down; absent: they are. Counters count either way. */
  readonly logDenied?: boolean
  readonly logAllowed?: boolean
}

export interface WhyPage {
  /** Lower-case A-labels. */
  readonly name: string
}

/** A TCP service of the gateway that clients may reach. */
export interface ClientService {
  readonly address: string
  readonly port: number
}

export interface NameServer {
  readonly address: string
  readonly port: number
  /** Present: DNS over TLS, certificate checked against this name. */
  readonly tlsHostname?: string
}

/** What a name means for a group. */
export interface NameVerdict {
  readonly allowed: boolean
  readonly reason: ReasonCode
  /** Every class an allowing entry gives the name: addresses are pinned in each. Empty when not allowed. */
  readonly classIds: readonly number[]
  /** The most specific entry that decided. */
  readonly rule?: Rule
  readonly label?: string
  /** For names allowed only by wildcards: the length in octets of the part that `*` matched; otherwise 0. */
  readonly wildcardOctets: number
  /** For names allowed only by wildcards: the most specific suffix (`example.com`), to share limits by. */
  readonly wildcardSuffix?: string
}

/** May this address become reachable through a name of the group? */
export interface AddressVerdict {
  readonly pinnable: boolean
  readonly reason: ReasonCode
}

/** The compiled policy: immutable; every decision and every artefact comes from it. */
export interface Plan {
  /** 16 hex digits: hash of policy part, settings part and compiler version. */
  readonly generation: string
  readonly policyHash: string
  readonly settingsHash: string
  readonly compiler: string
  readonly groups: readonly Group[]
  readonly classes: readonly PinClass[]
  readonly settings: PlanSettings
  /** Where the policy came from, as the operator named it. */
  readonly source: {
    readonly policyFile?: string
    /** The configuration holds policy nodes. */
    readonly config?: true
    readonly description?: string
    readonly revision?: number
  }
  readonly names: NameIndex
}

/** Compiled name lists of all groups. Names are lower-case A-labels without the trailing dot. */
export interface NameIndex {
  /** Number of allow entries over all lists. */
  readonly allowCount: number
  readonly denyCount: number
  judge(groupId: number, name: string): NameVerdict
  /** Is the name, as a CNAME target or asked for, on the group's deny list? */
  denied(groupId: number, name: string): boolean
  /** Names that RPZ must pass for the group, wildcards as `*.x`, in file order, unreduced; called once per commit. */
  allowEntries(groupId: number): Iterable<string>
  denyEntries(groupId: number): Iterable<string>
  /**
   * The same as octets, for large zones: `bytes[start, end)` is the name without `*.`, valid until `visit` returns.
   * A name that stands in two lists of the group is visited twice.
   */
  forEachAllow(groupId: number, visit: NameVisitor): void
  forEachDeny(groupId: number, visit: NameVisitor): void
  label(groupId: number, name: string): string | undefined
}

export type NameVisitor = (bytes: Uint8Array, start: number, end: number, wildcard: boolean) => void

export interface Question {
  /** Client address; absent: the default group. */
  readonly client?: string
  readonly name?: string
  readonly address?: string
  readonly port?: number
  readonly protocol?: Protocol | string
  readonly sni?: string
  /** Milliseconds since the epoch; absent: now. */
  readonly at?: number
}

export interface Decision {
  readonly verdict: 'allow' | 'deny'
  readonly reason: ReasonCode
  readonly rule?: Rule
  readonly label?: string
  readonly group: string
  readonly generation: string
}
