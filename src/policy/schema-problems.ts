import type { z } from 'zod'
import type { ErrorCode } from '../base/error-catalogue.ts'
import type { JsonPath } from './json/locate.ts'
import type { ProblemList } from './problems.ts'
import { quote } from './quote.ts'
import { UNSUPPORTED } from './schema.ts'

type Issue = z.core.$ZodIssue

/** Adds what zod found, as sentences for an operator. `base` is the path of the checked value in the document. */
export function addSchemaProblems(
  issues: readonly Issue[],
  base: JsonPath,
  fieldsOf: (path: JsonPath) => readonly string[],
  problems: ProblemList,
): void {
  for (const issue of issues) {
    const path = [...base, ...(issue.path as (string | number)[])]
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) addUnknownField(key, path, fieldsOf(path), problems)
    } else if (issue.code === 'invalid_type' && issue.input === undefined && isMissing(issue)) {
      problems.add('policy.type', path.slice(0, -1), `The field ${quote(String(path.at(-1)))} is missing.`)
    } else problems.add(codeOf(path, issue), path, sentence(issue))
  }
}

const isMissing = (issue: Issue): boolean => issue.message.endsWith('received undefined')

function addUnknownField(key: string, path: JsonPath, known: readonly string[], problems: ProblemList): void {
  const place = [...path, key]
  const unsupported: readonly string[] = path.length === 0 ? UNSUPPORTED.document : UNSUPPORTED.entry
  if (unsupported.includes(key)) {
    problems.add('policy.unsupported', place, `The field ${quote(key)} is not supported by this version; remove it.`, {
      at: 'key',
    })
    return
  }
  const near = nearest(key, known)
  const advice = near === undefined ? `Known here: ${known.map(quote).join(', ')}.` : `Did you mean ${quote(near)}?`
  problems.add('policy.unknown-field', place, `There is no field ${quote(key)}. ${advice}`, { at: 'key' })
}

const TEXTS: readonly (string | number | undefined)[] = ['label', 'reason', 'description']

function codeOf(path: JsonPath, issue: Issue): ErrorCode {
  if (path.includes('ports') && issue.code !== 'invalid_type') return 'policy.port'
  const isText = TEXTS.includes(path.at(-1)) || path[0] === 'labels'
  return isText && (issue.code === 'custom' || issue.code === 'too_big') ? 'policy.text' : 'policy.type'
}

const KINDS: Record<string, string> = {
  string: 'a text in double quotes',
  object: 'an object',
  array: 'a list',
  boolean: 'true or false',
  record: 'an object',
}

function sentence(issue: Issue): string {
  if (issue.code !== 'invalid_type') return issue.message
  return `This must be ${KINDS[issue.expected] ?? `of type ${issue.expected}`}.`
}

/** The known word at most two edits away, where there is one. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, distance: edits(word.toLowerCase(), candidate) }))
  const best = ranked.sort((a, b) => a.distance - b.distance)[0]
  return best !== undefined && best.distance <= 2 && best.distance < best.candidate.length ? best.candidate : undefined
}

/** Levenshtein distance, cut off for long words. */
function edits(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}
