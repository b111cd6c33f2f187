import { parse } from 'tldts'

/**
 * Is the name a suffix under which strangers register names? `icann`: by the list's first section; `private`: by its
 * second (`github.io`); `unknown`: a top-level domain that the list does not know. https://publicsuffix.org/
 */
export function publicSuffixKind(name: string): 'icann' | 'private' | 'unknown' | undefined {
  const asIcann = parse(name, { extractHostname: false, validateHostname: false })
  if (asIcann.publicSuffix === name) return asIcann.isIcann === true ? 'icann' : 'unknown'
  const both = parse(name, { extractHostname: false, validateHostname: false, allowPrivateDomains: true })
  return both.publicSuffix === name && both.isPrivate === true ? 'private' : undefined
}
