/** Programs in VyOS's folder of validators. Source: vyos-1x, src/validators, and the vyos-utils package. */
export const VYOS_VALIDATORS: ReadonlySet<string> = new Set([
  ...['as-number-list', 'base64', 'bgp-extended-community', 'bgp-large-community', 'bgp-large-community-list'],
  ...['bgp-rd-rt', 'bgp-regular-community', 'ddclient-protocol', 'file-path', 'fqdn', 'interface-address'],
  ...['ip-address', 'ip-cidr', 'ip-host', 'ip-prefix', 'ip-protocol'],
  ...['ipv4', 'ipv4-address', 'ipv4-address-exclude', 'ipv4-host', 'ipv4-multicast', 'ipv4-prefix'],
  ...['ipv4-prefix-exclude', 'ipv4-range', 'ipv4-range-exclude', 'ipv4-range-mask'],
  ...['ipv6', 'ipv6-address', 'ipv6-address-exclude', 'ipv6-eui64-prefix', 'ipv6-exclude', 'ipv6-host'],
  ...['ipv6-link-local', 'ipv6-multicast', 'ipv6-prefix', 'ipv6-prefix-exclude', 'ipv6-range', 'ipv6-range-exclude'],
  ...['ipv6-srv6-segments', 'mac-address', 'mac-address-exclude', 'numeric', 'numeric-exclude'],
  ...['port-multi', 'port-range', 'port-range-exclude', 'psk-secret', 'script', 'sysctl', 'timezone', 'url'],
  ...['vrf-name', 'wireless-phy'],
])

/** Validators that let blanks or shell characters pass, which no tag value may hold. */
export const LOOSE_VALIDATORS: ReadonlySet<string> = new Set(['file-path', 'psk-secret', 'script', 'sysctl', 'url'])
