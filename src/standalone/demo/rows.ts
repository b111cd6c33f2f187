import { CONTENT, FALSE_RESOLVERS } from '../lab/internet/addresses.ts'
import { askElsewhere, connectRefused, fetchAllowed, fetchListed, fetchRefused } from './attempts.ts'
import type { Row } from './row.ts'

const [RESOLVER4, OTHER4, RESOLVER6] = FALSE_RESOLVERS
const EDGE = 'api-anthropic.edge-cdn.net'

/** What agents try under the first example of the policy. */
export const SEED_ROWS: readonly Row[] = [
  fetchAllowed('https to a listed name, IPv4', 1, 4, 'api.openai.com'),
  fetchAllowed('https to a listed name, IPv6', 2, 6, 'api.openai.com'),
  fetchAllowed('listed name behind a CNAME to an unlisted CDN name, IPv4', 1, 4, 'api.anthropic.com'),
  fetchAllowed('listed name behind a CNAME to an unlisted CDN name, IPv6', 2, 6, 'api.anthropic.com'),
  fetchListed('address in a listed prefix, without DNS', 1, CONTENT.listed.v4),
  fetchRefused('unlisted name, IPv4', 1, 4, 'www.example.com', 'dns.not-allowed'),
  fetchRefused('unlisted name, IPv6', 2, 6, 'www.example.com', 'dns.not-allowed'),
  fetchRefused('subdomain of an exact entry', 1, 4, 'x.api.openai.com', 'dns.not-allowed'),
  // The CDN name does reach the internet: the listed name that leads there needs it.
  fetchRefused('the CDN name, asked for directly', 1, 4, EDGE, 'dns.not-allowed', false),
  connectRefused('raw address that no name led to, IPv4', 1, CONTENT.raw.v4, 443, 'tcp', 'net.not-pinned'),
  connectRefused('raw address that no name led to, IPv6', 2, CONTENT.raw.v6, 443, 'tcp', 'net.not-pinned'),
  askElsewhere(`unlisted name asked of ${RESOLVER4}`, 1, RESOLVER4, 'www.example.org', undefined),
  askElsewhere(`listed name asked of ${RESOLVER6}`, 2, RESOLVER6, 'api.openai.com', CONTENT.openai.v6),
  connectRefused(`DNS over TLS to ${OTHER4} port 853`, 1, OTHER4, 853, 'tcp', 'net.dns-bypass'),
  connectRefused('address of a listed name on port 8080, IPv4', 1, CONTENT.openai.v4, 8080, 'tcp', 'net.port'),
  connectRefused('address of a listed name on port 8080, IPv6', 2, CONTENT.openai.v6, 8080, 'tcp', 'net.port'),
  connectRefused('UDP 443 (QUIC) to an unlisted address, IPv4', 1, CONTENT.example.v4, 443, 'udp', 'net.not-pinned'),
  connectRefused('UDP 443 (QUIC) to an unlisted address, IPv6', 2, CONTENT.example.v6, 443, 'udp', 'net.not-pinned'),
]

/** What they try once the policy has a deny list, and a listed name whose zone lies. */
export const DENY_LIST_ROWS: readonly Row[] = [
  fetchRefused(
    'listed name whose CNAME target is on the deny list, IPv4',
    1,
    4,
    'api.partner.com',
    'dns.denied',
    false,
  ),
  fetchRefused(
    'listed name whose CNAME target is on the deny list, IPv6',
    2,
    6,
    'api.partner.com',
    'dns.denied',
    false,
  ),
  fetchRefused('listed name that answers 169.254.169.254', 1, 4, 'metadata.rebind.io', 'dns.rebind', false),
  fetchRefused('listed name that answers fd00:ec2::254', 2, 6, 'metadata.rebind.io', 'dns.rebind', false),
  connectRefused('the metadata address itself', 1, '169.254.169.254', 80, 'tcp', 'net.private'),
  fetchAllowed('a listed name, still', 1, 4, 'api.openrouter.ai'),
]

/** What they try once api.anthropic.com is no longer listed. */
export const REVOKED_ROWS: readonly Row[] = [
  fetchRefused('the removed name, IPv4', 1, 4, 'api.anthropic.com', 'dns.not-allowed', false),
  fetchRefused('the removed name, IPv6', 2, 6, 'api.anthropic.com', 'dns.not-allowed', false),
  connectRefused('its address, which is known by now', 1, CONTENT.edge.v4, 443, 'tcp', 'net.not-pinned'),
  fetchAllowed('the other name', 2, 6, 'api.openai.com'),
]
