import type { XmlElement } from '../definition-xml/xml-element.ts'
import { compilePattern, isKnownValidator, satisfies } from '../value-check.ts'
import { LOOSE_VALIDATORS } from './known-validators.ts'
import { regexShape } from './regex-shape.ts'

/** A fault of an element, as a sentence with its mend. */
export interface Fault {
  readonly element: XmlElement
  readonly message: string
}

const compiles = (pattern: string): boolean => {
  try {
    compilePattern(pattern)
    return true
  } catch {
    return false
  }
}

/** `[]`, `[^]`, `[[:alpha:]]` and most escaped letters are one thing to us and another, or an error, to VyOS's PCRE. */
const UNAMBIGUOUS =
  /^(?:[^[\\]|\\[^A-Za-z]|\\[bBcdDfnrsStvwWx]|\[(?:\^|(?!\^))(?:[^\]\\[]|\[(?![:.=])|\\[^A-Za-z]|\\[bdDfnrsStvwWx])+\])*/

/** The part of a regular expression from which on it is read in two ways; undefined where it is not. */
function ambiguousPart(pattern: string): string | undefined {
  const rest = pattern.slice(UNAMBIGUOUS.exec(pattern)![0].length)
  return rest === '' ? undefined : rest.slice(0, 12)
}

const patternOf = (regex: XmlElement): string => regex.text.trim()

function regexFaults(regex: XmlElement): Fault[] {
  const pattern = patternOf(regex)
  const fault = (message: string): Fault[] => [{ element: regex, message }]
  if (pattern === '') return fault('The <regex> is blank and lets every value pass: write the expression.')
  if (/['"`]/.test(pattern)) return fault('The <regex> holds a quote, which ends the shell text around it: remove it.')
  if (!compiles(pattern)) return fault(`The regular expression ${pattern} is broken: mend its brackets or quantifiers.`)
  const odd = ambiguousPart(pattern)
  if (odd !== undefined)
    return fault(`VyOS reads ${odd} in ${pattern} otherwise than it looks: write it with plain classes and escapes.`)
  if (regexShape(pattern).bareAlternatives) {
    return fault(`VyOS reads ${pattern} as ^${pattern}$, which ties ^ and $ to one side each: write (${pattern}).`)
  }
  return []
}

function validatorFaults(validator: XmlElement, known: ReadonlySet<string>): Fault[] {
  const { name = '', argument = '' } = validator.attributes
  const faults: Fault[] = []
  if (!known.has(name)) {
    faults.push({ element: validator, message: `VyOS has no validator "${name}": use one of its validators.` })
  }
  if (/['"`$\\]/.test(argument)) {
    faults.push({ element: validator, message: 'The validator argument holds a quote, $ or backslash: remove it.' })
  }
  return faults
}

/** Constraints and constraint groups of a node. */
export const checksOf = (properties: XmlElement | undefined): readonly XmlElement[] =>
  properties === undefined ? [] : [...properties.all('constraint'), ...properties.all('constraintGroup')]

/** Faults of regular expressions and validators. */
export const checkFaults = (properties: XmlElement | undefined, validators: ReadonlySet<string>): Fault[] =>
  checksOf(properties).flatMap((checks) => [
    ...checks.all('regex').flatMap(regexFaults),
    ...checks.all('validator').flatMap((validator) => validatorFaults(validator, validators)),
  ])

/** Why a check lets a value pass that no tag may have; undefined where it does not. */
function looseness(check: XmlElement): string | undefined {
  if (check.name === 'validator') {
    const name = check.attributes.name ?? ''
    return LOOSE_VALIDATORS.has(name) ? `the validator "${name}" lets blanks or shell characters pass` : undefined
  }
  const pattern = patternOf(check)
  if (!compiles(pattern)) return undefined
  const compiled = compilePattern(pattern)
  if (compiled.test('')) return `${pattern} lets an empty value pass`
  const { unsafePart } = regexShape(pattern)
  if (unsafePart !== undefined) return `${unsafePart} in ${pattern} lets blanks, quotes or shell characters pass`
  return compiled.test('.') || compiled.test('..')
    ? `${pattern} lets "." or ".." pass, which lead to other folders`
    : undefined
}

/** A tag value becomes part of a command line that runs as root, a folder's name, and bare text in config.boot. */
export function tagFaults(tagNode: XmlElement): Fault[] {
  const mend = 'allow letters, digits, dots, dashes and underscores only.'
  const checks = checksOf(tagNode.child('properties'))
  if (checks.length === 0) return [{ element: tagNode, message: `A tag node needs a strict constraint: ${mend}` }]
  return checks.flatMap((group): Fault[] => {
    const reasons = group.elements.map(looseness)
    const isLoose = group.name === 'constraint' ? reasons.some(Boolean) : reasons.every(Boolean)
    if (!isLoose) return []
    return [
      { element: group, message: `The constraint of a tag node must be strict: ${reasons.find(Boolean)}; ${mend}` },
    ]
  })
}

/** Values of the default that the constraints of its own node refuse, as far as its validators are implemented here. */
export function refusedDefaults(node: XmlElement): string[] {
  const properties = node.child('properties')
  const text = node.child('defaultValue')?.text.trim()
  const groups = checksOf(properties)
  const isJudged = groups.every((group) =>
    group.elements.every((check) =>
      check.name === 'regex' ? compiles(patternOf(check)) : isKnownValidator(check.attributes.name ?? ''),
    ),
  )
  if (text === undefined || groups.length === 0 || !isJudged) return []
  const read = (group: XmlElement) =>
    group.elements.map((check) =>
      check.name === 'regex'
        ? ({ type: 'regex', pattern: patternOf(check) } as const)
        : ({ type: 'validator', name: check.attributes.name!, argument: check.attributes.argument ?? '' } as const),
    )
  const constraint = groups.filter(({ name }) => name === 'constraint').flatMap(read)
  const constraintGroups = groups.filter(({ name }) => name === 'constraintGroup').map(read)
  const values = properties?.child('multi') === undefined ? [text] : text.split(/\s+/)
  return values.filter((value) => !satisfies({ constraint, constraintGroups }, value))
}
