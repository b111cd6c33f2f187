/**
 * The text of a JSON list of strings with `entry` added as its last one; every other byte stays. Throws where the text is
 * not such a list.
 */
export function withEntry(text: string, entry: string): string {
  if (entriesOf(text).includes(entry)) return text
  const end = text.lastIndexOf(']')
  const last = text.slice(0, end).trimEnd()
  const [, lineBreak = ' '] = /"([\s]*)$/.exec(text.slice(0, end)) ?? []
  const separator = last.endsWith('[') ? '' : `,${lineBreak === '' ? ' ' : lineBreak}`
  return `${last}${separator}${JSON.stringify(entry)}${text.slice(last.length)}`
}

/** The text without `entry`, as it was before `withEntry`. */
export function withoutEntry(text: string, entry: string): string {
  if (!entriesOf(text).includes(entry)) return text
  const word = JSON.stringify(entry).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const asLast = new RegExp(`,\\s*${word}(?=\\s*\\])`)
  const anywhere = new RegExp(`${word}\\s*,\\s*|${word}`)
  return asLast.test(text) ? text.replace(asLast, '') : text.replace(anywhere, '')
}

function entriesOf(text: string): string[] {
  const list: unknown = JSON.parse(text)
  if (!Array.isArray(list) || !list.every((each) => typeof each === 'string')) throw new Error('not a list of names')
  return list
}
