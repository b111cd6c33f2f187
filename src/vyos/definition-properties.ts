import { z } from 'zod'
import { fail } from '../base/errors.ts'
import type { Check, Completion, ValueHelp } from './definition.ts'
import { compilePattern, isKnownValidator } from './value-check.ts'
import type { XmlElement } from './xml-source.ts'

const nodeName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'a node name is made of lower-case letters, digits and dashes')
const integer = z.string().regex(/^[0-9]+$/, 'must be a number')

/** Attributes of `<node>`, `<tagNode>` and `<leafNode>`. */
export const nodeAttributes = z.strictObject({ name: nodeName, owner: z.string().min(1).optional() })

/** Attributes of `<syntaxVersion>`. */
export const versionAttributes = z.strictObject({ component: nodeName, version: integer })

const KNOWN = new Set([
  'help',
  'constraint',
  'constraintGroup',
  'constraintErrorMessage',
  'valueHelp',
  'completionHelp',
  'valueless',
  'multi',
  'hidden',
  'secret',
  'priority',
  'keepChildOrder',
])

/** What `<properties>` says. */
export interface Properties {
  readonly help: string
  readonly constraint: readonly Check[]
  readonly constraintGroups: readonly (readonly Check[])[]
  readonly constraintErrorMessage: string
  readonly valueHelp: readonly ValueHelp[]
  readonly completion: Completion
  readonly multi: boolean
  readonly valueless: boolean
  readonly hidden: boolean
  readonly secret: boolean
  readonly priority?: number
}

/** Runs a zod schema over part of a definition; a fault becomes a sentence with the node's path. */
export function check<T>(schema: z.ZodType<T>, value: unknown, where: { file: string; path: string }): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  fail('definition.invalid', `The attributes are not valid: ${issue.path.join('.')} ${issue.message}.`, where)
}

function readChecks(element: XmlElement, where: { file: string; path: string }): Check[] {
  if (element.elements.length === 0) fail('definition.invalid', `<${element.name}> is empty.`, where)
  return element.elements.map((child): Check => {
    if (child.name === 'regex') {
      try {
        compilePattern(child.text)
      } catch {
        fail('definition.invalid', `The regular expression ${child.text} is not one.`, where)
      }
      return { type: 'regex', pattern: child.text }
    }
    const name = child.attributes.name ?? ''
    if (child.name !== 'validator' || !isKnownValidator(name)) {
      fail('definition.invalid', `<${element.name}> holds <${child.name}> "${name}", which is not known here.`, where)
    }
    return { type: 'validator', name, argument: child.attributes.argument ?? '' }
  })
}

const all = (element: XmlElement | undefined, name: string): XmlElement[] =>
  element?.elements.filter((child) => child.name === name) ?? []

/** `<list>`, `<path>` and `<script>` of every `<completionHelp>`. */
export function readCompletion(properties: XmlElement | undefined): Completion {
  const sources = all(properties, 'completionHelp').flatMap((element) => element.elements)
  const texts = (name: string) => sources.filter((source) => source.name === name).map((source) => source.text)
  return { list: texts('list').flatMap((text) => text.split(/\s+/)), paths: texts('path'), scripts: texts('script') }
}

/** The help text of `<properties>`, empty where there is none. */
export const readHelp = (properties: XmlElement | undefined): string => all(properties, 'help')[0]?.text ?? ''

/**
 * Reads `<properties>`.
 * @throws ClawgressError definition.invalid
 */
export function readProperties(element: XmlElement | undefined, where: { file: string; path: string }): Properties {
  const unknown = element?.elements.find((child) => !KNOWN.has(child.name))
  if (unknown !== undefined) fail('definition.invalid', `<properties> cannot hold <${unknown.name}>.`, where)
  const has = (name: string) => all(element, name).length > 0
  const priority = all(element, 'priority')[0]?.text
  return {
    help: readHelp(element),
    constraint: all(element, 'constraint').flatMap((child) => readChecks(child, where)),
    constraintGroups: all(element, 'constraintGroup').map((child) => readChecks(child, where)),
    constraintErrorMessage: all(element, 'constraintErrorMessage')[0]?.text ?? 'Invalid value',
    valueHelp: all(element, 'valueHelp').map((child) => ({
      format: all(child, 'format')[0]?.text ?? '',
      description: all(child, 'description')[0]?.text ?? '',
    })),
    completion: readCompletion(element),
    multi: has('multi'),
    valueless: has('valueless'),
    hidden: has('hidden'),
    secret: has('secret'),
    ...(priority === undefined ? {} : { priority: Number(check(integer, priority, where)) }),
  }
}
