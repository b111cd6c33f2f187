const HIDDEN = '(hidden)'

/** Names of nodes and fields whose values are nobody's business but the operator's. */
export const SECRET_NAME = /key|password|passwd|passphrase|secret|token|credential|private|webhook|community|url/i

/** Shorter values stand in too many places by chance to be searched for. */
const SHORTEST = 6

/** A word that names a secret, and what stands between it and its value. */
const NAMED = String.raw`((?:password|passwd|passphrase|secret|token|credential|api[_-]?key|private[_-]?key)[\w-]{0,64})(["']?\s{0,8}[:=\s]\s{0,8})`

const PATTERNS: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/g, HIDDEN],
  // Names and passwords in addresses of the web, and everything behind the host: tokens stand there, too.
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)(?:[^\s/@"']*@)?([^\s/?#"']+)[/?#][^\s"']*/gi, `$1$2/${HIDDEN}`],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"']*@/gi, '$1'],
  [/\b(authorization|cookie|x-api-key)\b(["']?\s*[:=]\s*).*/gi, `$1$2${HIDDEN}`],
  [new RegExp(String.raw`${NAMED}(["'])(?:\\.|(?!\3)[^\\\n])*\3`, 'gi'), `$1$2$3${HIDDEN}$3`],
  [new RegExp(String.raw`${NAMED}(["']?)(?!\(hidden\))[^\s"',;]+`, 'gi'), `$1$2$3${HIDDEN}`],
  // What looks like a key: a generation has 16 digits, a hash of a file 64. Each run of such letters is tried once.
  [/(?<![A-Za-z0-9+/_-])(?=[A-Za-z0-9+/_-]*[0-9])(?=[A-Za-z0-9+/_-]*[A-Za-z])[A-Za-z0-9+/_-]{32,}={0,2}/g, HIDDEN],
]

/**
 * Takes secrets out of text: the values that are known to be some, wherever they stand, and what looks like one. Made
 * once, for everything that leaves the machine.
 */
export function redactor(known: Iterable<string>): (text: string) => string {
  const forms = [...known].flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
  const secrets = [...new Set(forms)].filter((value) => value.length >= SHORTEST).sort((a, b) => b.length - a.length)
  return (text) => {
    let clean = text
    for (const secret of secrets) clean = clean.replaceAll(secret, HIDDEN)
    for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement)
    return clean
  }
}

/** The newest lines of a text that together have at most so many characters: half a secret would not be known as one. */
export function newestLines(text: string, most: number): string {
  if (text.length <= most) return text
  const start = text.indexOf('\n', text.length - most - 1) + 1
  return start === 0 ? '' : text.slice(start)
}
