/** What a deny reason means and what comes next: for the operator, and for the agent that was refused. */
export interface Reason {
  /** Sentence for the operator. */
  readonly operator: string
  /** Next step for the agent. */
  readonly agent: string
}

/** Every reason for a verdict, each with a stable code. Records, counters, `decide()` and the docs use these and no others. */
export const REASONS = {
  'allow.name': {
    operator: 'The name is on the allowlist.',
    agent: 'Nothing to do.',
  },
  'allow.address': {
    operator: 'The address lies in a listed prefix, or is pinned for an allowed name.',
    agent: 'Nothing to do.',
  },
  'allow.dns': {
    operator: 'Port 53 always leads to the resolver of the gateway, wherever the packet was addressed.',
    agent: 'Nothing to do.',
  },
  'allow.gateway': {
    operator: 'The gateway itself answers: the page that tells clients why they were refused.',
    agent: 'Nothing to do.',
  },
  'dns.not-allowed': {
    operator: 'The name is not on the allowlist.',
    agent: 'Do not retry; ask for the name to be added to the policy.',
  },
  'dns.denied': {
    operator: 'The name, or a name its answer leads to, is on the deny list.',
    agent: 'Do not retry; the name is denied on purpose.',
  },
  'dns.rebind': {
    operator:
      'The name resolves only to addresses that a name may never open (private, link-local, reserved, or our own).',
    agent: 'Do not retry; if the internal address is meant, ask for it to be listed under allow.ips.',
  },
  'dns.type': {
    operator: 'The query type is refused (ANY, NULL, zone transfers and unknown types).',
    agent: 'Ask for A, AAAA or another ordinary type.',
  },
  'dns.limit': {
    operator:
      'The name is allowed, but a bound was reached: octets or names below a wildcard, addresses, or room for them.',
    agent: 'Retry later; ask for fewer names below one wildcard, or have the exact name added to the policy.',
  },
  'dns.upstream': {
    operator: 'The name is allowed, but no upstream resolver gave a usable answer.',
    agent: 'Retry later; the name itself is allowed.',
  },
  'net.not-pinned': {
    operator: 'The address did not come from an allowed name within its lifetime, and no listed prefix holds it.',
    agent: 'Connect by name, not by address; if you used a name, resolve it again.',
  },
  'net.denied': {
    operator: 'The address lies in a prefix of the deny list.',
    agent: 'Do not retry; the address is denied on purpose.',
  },
  'net.port': {
    operator: 'The address is reachable, but not on this port.',
    agent: 'Use an allowed port, or ask for this one to be added to the entry.',
  },
  'net.protocol': {
    operator: 'Only TCP and UDP can be allowed.',
    agent: 'Use TCP or UDP.',
  },
  'net.dns-bypass': {
    operator: 'DNS over TLS, multicast DNS or another resolver was tried; names are resolved by the gateway only.',
    agent: 'Use the resolver of this network on port 53.',
  },
  'net.revoked': {
    operator: 'The flow was open when the policy stopped allowing it.',
    agent: 'Do not retry; the policy has changed.',
  },
  'net.unknown-client': {
    operator: 'The source address is not one that is served on this interface.',
    agent: 'Check the address of this machine.',
  },
  'net.gateway': {
    operator: 'Clients reach only DNS, the why page, ping and address configuration on the gateway itself.',
    agent: 'Do not connect to the gateway.',
  },
  'net.neighbour': {
    operator: 'Clients do not reach each other through the gateway.',
    agent: 'Do not connect to other clients.',
  },
  'net.private': {
    operator: 'A private or reserved address that no listed prefix holds.',
    agent: 'If the internal address is meant, ask for it to be listed under allow.ips.',
  },
  'net.invalid': {
    operator: 'The packet belongs to no connection that the gateway tracks.',
    agent: 'Open a new connection.',
  },
  'limit.rate': {
    operator: 'The client asks the gateway for more than it may in a second: DNS queries, or pings.',
    agent: 'Slow down and retry; keep answers for as long as they are valid.',
  },
  'policy.closed': {
    operator: 'No policy is live: everything is denied.',
    agent: 'Retry after the operator has repaired the gateway.',
  },
} as const satisfies Record<string, Reason>

export type ReasonCode = keyof typeof REASONS
