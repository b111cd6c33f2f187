import { z } from 'zod'
import { fail } from '../base/errors.ts'
import type { Check, Completion, Properties } from './definition.ts'
import type { XmlElement } from './definition-xml/xml-element.ts'
import { compilePattern, isKnownValidator } from './value-check.ts'

const nodeName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'a node name is made of lower-case letters, digits and dashes')
const integer = z.string().regex(/^[0-9]+$/, 'must be a number')

/** Attributes of `<node>`, `<tagNode>` and `<leafNode>`. */
export const nodeAttributes = z.strictObject({ name: nodeName, owner: z.string().min(1).optional() })

/** Attributes of `<syntaxVersion>`. */
export const versionAttributes = z.strictObject({ component: nodeName, version: integer })

/** Runs a zod schema over part of a definition; a fault becomes a sentence with the node's path. */
export function check<T>(schema: z.ZodType<T>, value: unknown, where: { file: string; path: string }): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  fail('definition.invalid', `The attributes are not valid: ${issue.path.join('.')} ${issue.message}.`, where)
}

function readChecks(element: XmlElement, where: { file: string; path: string }): Check[] {
  return element.elements.map((child): Check => {
    if (child.name === 'regex') {
      const pattern = child.text.trim()
      try {
        compilePattern(pattern)
      } catch {
        fail('definition.invalid', `The regular expression ${pattern} is not one.`, { ...where, ...child.place })
      }
      return { type: 'regex', pattern }
    }
    const name = child.attributes.name ?? ''
    if (!isKnownValidator(name)) {
      fail('definition.invalid', `The validator "${name}" is not known here.`, { ...where, ...child.place })
    }
    return { type: 'validator', name, argument: child.attributes.argument ?? '' }
  })
}

const all = (element: XmlElement | undefined, name: string): readonly XmlElement[] => element?.all(name) ?? []

/** `<list>`, `<path>` and `<script>` of every `<completionHelp>`. */
export function readCompletion(properties: XmlElement | undefined): Completion {
  const sources = all(properties, 'completionHelp').flatMap((element) => element.elements)
  const texts = (name: string) => sources.filter((source) => source.name === name).map((source) => source.text.trim())
  return { list: texts('list').flatMap((text) => text.split(/\s+/)), paths: texts('path'), scripts: texts('script') }
}

/** The help text of `<properties>`, empty where there is none. */
export const readHelp = (properties: XmlElement | undefined): string => all(properties, 'help')[0]?.text.trim() ?? ''

/**
 * Reads `<properties>`.
 * @throws ClawgressError definition.invalid
 */
export function readProperties(element: XmlElement | undefined, where: { file: string; path: string }): Properties {
  const has = (name: string) => all(element, name).length > 0
  const priority = all(element, 'priority')[0]?.text.trim()
  return {
    help: readHelp(element),
    constraint: all(element, 'constraint').flatMap((child) => readChecks(child, where)),
    constraintGroups: all(element, 'constraintGroup').map((child) => readChecks(child, where)),
    constraintErrorMessage: all(element, 'constraintErrorMessage')[0]?.text.trim() ?? 'Invalid value',
    valueHelp: all(element, 'valueHelp').map((child) => ({
      format: all(child, 'format')[0]?.text.trim() ?? '',
      description: all(child, 'description')[0]?.text.trim() ?? '',
    })),
    completion: readCompletion(element),
    multi: has('multi'),
    valueless: has('valueless'),
    hidden: has('hidden'),
    secret: has('secret'),
    ...(priority === undefined ? {} : { priority: Number(check(integer, priority, where)) }),
  }
}
