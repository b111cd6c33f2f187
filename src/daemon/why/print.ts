import { createHash } from 'node:crypto'
import type { Explanation } from './explanation.ts'

export type Format = 'text' | 'html' | 'json'

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; charset=utf-8',
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
}

/** Whichever of JSON and HTML the client names first in its Accept header; else text, which anyone can read. */
export function formatFor(accept = ''): Format {
  const [first] = /application\/json|text\/html/i.exec(accept.slice(0, 1024)) ?? []
  return first === undefined ? 'text' : first.toLowerCase() === 'text/html' ? 'html' : 'json'
}

/** Facts about an answer, in the order in which they are shown; the first word is for programs that read text. */
type Facts = readonly (readonly [string, string])[]

const factsOf = ({ question, verdict, reason, message, rule, next, access }: Explanation): Facts => [
  ['Verdict', verdict],
  ['Question', describe(question)],
  ['Reason', `${reason}: ${message}`],
  ['Rule', rule === undefined ? 'none matches' : `${rule.text} (${rule.path})`],
  ['Next step', next],
  ...(access === undefined ? [] : [['Access', access] as const]),
]

function describe({ client, name, address, port, protocol }: Explanation['question']): string {
  const target = [name, address].filter((part) => part !== undefined).join(' at ')
  const service = port === undefined ? (protocol ?? '') : `port ${port}${protocol === undefined ? '' : `/${protocol}`}`
  return `${client} to ${target} ${service}`.trimEnd()
}

export function printExplanation(explanation: Explanation, format: Format): string {
  if (format === 'json') return `${JSON.stringify(explanation, undefined, 2)}\n`
  const title = explanation.verdict === 'deny' ? 'Refused' : 'Allowed'
  return format === 'html' ? page(title, factsOf(explanation)) : printText(factsOf(explanation))
}

/** What is said where nothing is asked, or asked wrongly. */
export function printSentence(sentence: string, format: Format): string {
  if (format === 'json') return `${JSON.stringify({ message: sentence })}\n`
  return format === 'html' ? page('Why was I refused?', [], sentence) : `${clean(sentence)}\n`
}

const printText = (facts: Facts): string =>
  facts.map(([name, value]) => `${`${name}:`.padEnd(11)} ${clean(value)}\n`).join('')

/** A terminal would act on control characters. */
const clean = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?')

const STYLE = `:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:42rem;margin:3rem auto;padding:0 1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.4rem 1.2rem}
dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
input,button{font:inherit;padding:.3rem .6rem}`

/** Nothing is loaded, nothing runs. */
export const CONTENT_SECURITY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

const page = (title: string, facts: Facts, sentence = ''): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<main>
<h1>${escapeHtml(title)}</h1>
${sentence === '' ? '' : `<p>${escapeHtml(sentence)}</p>\n`}<dl>
${facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>\n`).join('')}</dl>
<form action="/why">
<label>Name or address <input name="name" autocomplete="off" required maxlength="255"></label>
<button>Ask</button>
</form>
</main>
</html>
`

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escapeHtml = (text: string): string => clean(text).replace(/[&<>"']/g, (character) => ESCAPES[character]!)
