/** Characters that a tag value may hold: it becomes a folder's name and a word in shell text and in config.boot. */
const SAFE = /^[A-Za-z0-9._:/@%+=,*-]$/
const SAFE_ESCAPES: Readonly<Record<string, string>> = { d: '0-9', w: 'A-Za-z0-9_' }

/** What can be told from the text of a regular expression. */
export interface RegexShape {
  /** `a|b` outside parentheses: VyOS puts ^ and $ around the text, so each belongs to one side only. */
  readonly bareAlternatives: boolean
  /** First part that matches a blank, a quote, a shell character or a letter outside ASCII. */
  readonly unsafePart?: string
}

const isSafe = (character: string): boolean => SAFE.test(character)

/** Does a class, without its brackets, match safe characters only? */
function isSafeClass(content: string): boolean {
  if (content.startsWith('^')) return false
  const characters: string[] = []
  for (let at = 0; at < content.length; at++) {
    const character = content[at]!
    if (character === '\\') {
      const escaped = content[++at]!
      if (Object.hasOwn(SAFE_ESCAPES, escaped)) continue
      if (/[A-Za-z0-9]/.test(escaped)) return false
      characters.push(escaped)
    } else if (content[at + 1] === '-' && at + 2 < content.length) {
      const [low, high] = [character.charCodeAt(0), content.charCodeAt(at + 2)]
      for (let code = low; code <= high && code <= 0x7f; code++) characters.push(String.fromCharCode(code))
      if (high > 0x7e) return false
      at += 2
    } else {
      characters.push(character)
    }
  }
  return characters.every(isSafe)
}

function endOfClass(pattern: string, start: number): number {
  let end = start + 1
  while (end < pattern.length && pattern[end] !== ']') end += pattern[end] === '\\' ? 2 : 1
  return end
}

/** Reads the shape of a regular expression that compiles. */
export function regexShape(pattern: string): RegexShape {
  const groups: boolean[] = []
  let bareAlternatives = false
  let unsafePart: string | undefined
  const part = (text: string, safe: boolean) => {
    if (!safe && !groups.includes(true)) unsafePart ??= text
  }
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!
    if (character === '\\') {
      const escaped = pattern[++at] ?? ''
      const known = Object.hasOwn(SAFE_ESCAPES, escaped) || (!/[A-Za-z0-9]/.test(escaped) && isSafe(escaped))
      part(`\\${escaped}`, known)
    } else if (character === '[') {
      const end = endOfClass(pattern, at)
      part(pattern.slice(at, end + 1), isSafeClass(pattern.slice(at + 1, end)))
      at = end
    } else if (character === '(') {
      const opening = /^\((?:\?(?:<?[=!]|:|<\w+>))?/.exec(pattern.slice(at))![0]
      groups.push(/[=!]$/.test(opening))
      at += opening.length - 1
    } else if (character === ')') {
      groups.pop()
    } else if (character === '|') {
      if (groups.length === 0) bareAlternatives = true
    } else if (character === '{') {
      at = Math.max(at, pattern.indexOf('}', at))
    } else if (!'?*+^$'.includes(character)) {
      part(character, character !== '.' && isSafe(character))
    }
  }
  return { bareAlternatives, ...(unsafePart === undefined ? {} : { unsafePart }) }
}
