import type { Problem } from '../../base/errors.ts'
import type { ChildRule, ElementRule, Grammar } from './grammar.ts'
import type { XmlElement } from './xml-element.ts'

/** A problem of an element, with its file, line and node path. */
export const problemAt = (element: XmlElement, message: string): Problem => ({
  code: 'definition.invalid',
  message,
  ...element.place,
  ...(element.path.length === 0 ? {} : { path: element.path.join(' ') }),
})

const tags = (names: readonly string[]): string => names.map((name) => `<${name}>`).join(', ')

function attributeProblems(element: XmlElement, rule: ElementRule): string[] {
  const unknown = Object.keys(element.attributes).filter((name) => !Object.hasOwn(rule.attributes, name))
  const missing = Object.entries(rule.attributes).filter(
    ([name, need]) => need === 'required' && element.attributes[name] === undefined,
  )
  return [
    ...unknown.map((name) => `<${element.name}> knows no attribute ${name}: remove it.`),
    ...missing.map(([name]) => `<${element.name}> needs the attribute ${name}: add ${name}="…".`),
  ]
}

function childProblems(element: XmlElement, rules: readonly ChildRule[], ordered: boolean): Problem[] {
  const problems: Problem[] = []
  const allowed = rules.flatMap((rule) => rule.names)
  let furthest = 0
  for (const child of element.elements) {
    const at = rules.findIndex((rule) => rule.names.includes(child.name))
    if (at < 0) {
      problems.push(
        problemAt(
          child,
          `<${element.name}> cannot hold <${child.name}>${allowed.length === 0 ? ': remove it' : `; it may hold ${tags(allowed)}`}.`,
        ),
      )
    } else if (ordered && at < furthest) {
      problems.push(problemAt(child, `<${child.name}> comes too late: move it before <${rules[furthest]!.names[0]}>.`))
    }
    furthest = Math.max(furthest, at)
  }
  for (const { names, atLeast, atMost } of rules) {
    const found = element.elements.filter((child) => names.includes(child.name))
    if (found.length < atLeast) {
      problems.push(
        problemAt(element, `<${element.name}> needs ${names.length > 1 ? 'one of ' : ''}${tags(names)}: add it.`),
      )
    }
    if (atMost === 1 && found.length > 1) {
      problems.push(
        problemAt(found[1]!, `<${element.name}> may hold <${names[0]}> once only: join the two or remove one.`),
      )
    }
  }
  return problems
}

/**
 * Everything in which a definition departs from the grammar of its kind: what VyOS's RelaxNG schemas refuse.
 * An element that the grammar does not know is not looked into.
 */
export function grammarProblems(grammar: Grammar, element: XmlElement): Problem[] {
  const rule = grammar[element.name]
  if (rule === undefined) {
    return element.parent === undefined ? [problemAt(element, `<${element.name}> has no meaning here.`)] : []
  }
  const problems = attributeProblems(element, rule).map((message) => problemAt(element, message))
  if (rule.content === 'any') return problems
  const text = element.ownText.trim()
  if (rule.content !== 'text' && text !== '') {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
    const message = `<${element.name}> cannot hold the text ${shown}: remove it.`
    problems.push({ ...problemAt(element, message), ...element.textPlace })
  }
  problems.push(...childProblems(element, typeof rule.content === 'string' ? [] : rule.content, rule.ordered === true))
  return [...problems, ...element.elements.flatMap((child) => grammarProblems(grammar, child))]
}
