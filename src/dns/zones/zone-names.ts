/**
 * The RPZ zones of a view, in the order that named asks them: gateway, revoke, overlay, base, deny. One letter each,
 * because the zone's name has to fit behind the listed names (255 octets in all, RFC 1035 section 2.3.4).
 */
export const ZONES = ['g', 'r', 'o', 'b', 'd'] as const

export type ZoneName = (typeof ZONES)[number]

/** What an entry does: answer with records of its own, let the query through, or answer as for a denied name. */
export type ZoneAction = 'local' | 'pass' | 'nxdomain' | 'nodata'

/** RPZ's spelling of an action, as the target of a CNAME (BIND ARM, "Response Policy Zone Rulesets"). */
export const ACTION_TARGET: Readonly<Record<Exclude<ZoneAction, 'local'>, string>> = {
  pass: 'rpz-passthru.',
  nxdomain: '.',
  nodata: '*.',
}

/** named's view of a group. */
export const viewName = (groupId: number): string => `g${groupId}`

/** The view that recurses for the pinner. */
export const RESOLVER_VIEW = 'resolver'

/** File name of a view's zone. */
export const zoneFile = (view: string, zone: ZoneName): string => `${view}.${zone}`

/**
 * Owner, inside the policy, of the TXT record that proves a zone's contents live. It holds the content's hash, because
 * a record whose value alone changed is answered before new names are in force, and it sorts after every name, because
 * named takes names into force in order. The zone's letter keeps an earlier zone from answering in its place.
 */
export const canaryName = (zone: ZoneName, hash: string): string => `h${hash}.${zone}.~~clawgress`
