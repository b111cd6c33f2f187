/** How often one of these elements may stand in another. */
export interface ChildRule {
  readonly names: readonly string[]
  readonly atLeast: 0 | 1
  readonly atMost: 1 | 'any'
}

/** What an element may hold. `any` is not looked into. */
export interface ElementRule {
  readonly attributes: Readonly<Record<string, 'required' | 'optional'>>
  readonly content: 'text' | 'empty' | 'any' | readonly ChildRule[]
  /** Elements stand in the order of the rules. */
  readonly ordered?: true
}

/** Rules by the name of the element. */
export type Grammar = Readonly<Record<string, ElementRule>>

const optional = (...names: string[]): ChildRule => ({ names, atLeast: 0, atMost: 1 })
const required = (...names: string[]): ChildRule => ({ names, atLeast: 1, atMost: 1 })
const many = (...names: string[]): ChildRule => ({ names, atLeast: 0, atMost: 'any' })
const some = (...names: string[]): ChildRule => ({ names, atLeast: 1, atMost: 'any' })

const TEXT: ElementRule = { attributes: {}, content: 'text' }
const EMPTY: ElementRule = { attributes: {}, content: 'empty' }
const CHECKS: ElementRule = { attributes: {}, content: [some('regex', 'validator')] }
const VALUE_HELP: ElementRule = { attributes: {}, content: [required('format'), required('description')] }
const VALIDATOR: ElementRule = { attributes: { name: 'required', argument: 'optional' }, content: 'empty' }
const CHILDREN: ElementRule = { attributes: {}, content: [some('node', 'tagNode', 'leafNode')] }
const SOURCES = [many('list'), many('path'), many('script')]

const NAMED = { name: 'required' } as const
const OWNED = { name: 'required', owner: 'optional' } as const

/** Interface definitions. Source: vyos-1x, schema/interface_definition.rng; `<docs>` from vyos-1x of 2026. */
export const CONFIG_GRAMMAR: Grammar = {
  interfaceDefinition: { attributes: {}, content: [many('syntaxVersion'), many('node')], ordered: true },
  syntaxVersion: { attributes: { component: 'required', version: 'required' }, content: 'empty' },
  node: { attributes: OWNED, content: [optional('properties'), optional('children')] },
  tagNode: { attributes: OWNED, content: [optional('defaultValue'), optional('properties'), required('children')] },
  leafNode: { attributes: OWNED, content: [optional('defaultValue'), required('properties')] },
  defaultValue: TEXT,
  children: CHILDREN,
  properties: {
    attributes: {},
    content: [
      ...['help', 'constraint', 'constraintErrorMessage', 'valueless', 'multi', 'hidden', 'secret'].map((name) =>
        optional(name),
      ),
      ...['priority', 'keepChildOrder', 'docs'].map((name) => optional(name)),
      ...['constraintGroup', 'valueHelp', 'completionHelp'].map((name) => many(name)),
    ],
  },
  help: TEXT,
  constraint: CHECKS,
  constraintGroup: CHECKS,
  constraintErrorMessage: TEXT,
  regex: TEXT,
  validator: VALIDATOR,
  valueHelp: VALUE_HELP,
  format: TEXT,
  description: TEXT,
  completionHelp: { attributes: {}, content: SOURCES },
  list: TEXT,
  path: TEXT,
  script: TEXT,
  valueless: EMPTY,
  multi: EMPTY,
  hidden: EMPTY,
  secret: EMPTY,
  priority: TEXT,
  keepChildOrder: EMPTY,
  docs: { attributes: {}, content: 'any' },
}

/**
 * Commands of operational mode. Source: vyos-1x, schema/op-mode-definition.rng; `<standalone>`, `<virtualTagNode>` and
 * `<constraint>` from vyos-1x of 2026.
 */
export const OP_GRAMMAR: Grammar = {
  interfaceDefinition: { attributes: {}, content: [many('node', 'tagNode')] },
  node: { attributes: NAMED, content: [optional('properties'), optional('children'), optional('command')] },
  tagNode: {
    attributes: NAMED,
    content: [optional('properties'), optional('children'), optional('command'), optional('standalone')],
  },
  virtualTagNode: {
    attributes: {},
    content: [optional('properties'), optional('children'), optional('command')],
  },
  leafNode: { attributes: NAMED, content: [required('properties'), required('command')] },
  standalone: { attributes: {}, content: [optional('help'), required('command')] },
  children: { attributes: {}, content: [some('node', 'tagNode', 'leafNode', 'virtualTagNode')] },
  properties: { attributes: {}, content: [optional('help'), optional('constraint'), many('completionHelp')] },
  help: TEXT,
  command: TEXT,
  constraint: CHECKS,
  regex: TEXT,
  validator: VALIDATOR,
  completionHelp: { attributes: {}, content: [...SOURCES, optional('imagePath')] },
  list: TEXT,
  path: TEXT,
  script: TEXT,
  imagePath: EMPTY,
}
