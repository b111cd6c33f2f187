import { parseAddress } from '../../base/address.ts'
import { fail } from '../../base/errors.ts'
import { REASONS } from '../../base/reasons.ts'
import { decide } from '../../plan/index.ts'
import type { Decision, Plan, Question } from '../../plan/types.ts'
import { normaliseName } from '../../policy/index.ts'
import { classPorts } from '../format/ports.ts'
import type { Shown } from '../format/shown.ts'
import { printFacts } from '../format/table.ts'

/** What a person types, an address also in the place of the name; absent parts are not asked. */
export type TestQuestion = Pick<Question, 'client' | 'name' | 'address' | 'port' | 'protocol'>

export interface TestResult extends Decision {
  readonly question: TestQuestion
  readonly message: string
  readonly next: string
  /** Ports that the name is reachable on; absent where it is not allowed or no name was asked. */
  readonly ports?: string
}

/** Would this be allowed, and which line says so? Throws `config.value` for a name or an address that is none. */
export function testDecision(plan: Plan, question: TestQuestion): Shown<TestResult> {
  const asked = asAsked(question)
  const decision = decide(plan, asked)
  const ports =
    decision.verdict === 'allow' && asked.name !== undefined ? portsOf(plan, decision, asked.name) : undefined
  const { operator: message, agent: next } = REASONS[decision.reason]
  const data: TestResult = { question: asked, ...decision, message, next, ...(ports === undefined ? {} : { ports }) }
  const facts: [string, string][] = [
    ['Question', describe(asked)],
    ['Verdict', decision.verdict],
    ['Reason', `${decision.reason}: ${message}`],
    ['Rule', decision.rule === undefined ? 'none matches' : `${decision.rule.text} (${decision.rule.path})`],
    ...optional('Label', decision.label),
    ...optional('Ports', ports),
    ['Group', decision.group],
    ['Generation', decision.generation],
    ...(decision.verdict === 'deny' ? ([['Next step', next]] as [string, string][]) : []),
  ]
  return { data, text: printFacts(facts) }
}

function asAsked({ name, ...rest }: TestQuestion): TestQuestion {
  if (name === undefined) return rest
  if (parseAddress(name) === undefined) return { ...rest, name: checkedName(name) }
  if (rest.address !== undefined) fail('config.value', `"${name}" is an address itself; ask for one address at a time.`)
  return { ...rest, address: name }
}

function portsOf(plan: Plan, decision: Decision, name: string): string {
  const group = plan.groups.find((candidate) => candidate.name === decision.group) ?? plan.groups[0]!
  return classPorts(plan, plan.names.judge(group.id, name).classIds)
}

/** A name as it is asked for: lower-case A-labels. Throws `config.value` for a pattern or what is no name. */
export function checkedName(text: string): string {
  const normal = normaliseName(text)
  if (typeof normal === 'string') fail('config.value', normal)
  if (normal.wildcard) fail('config.value', `"${text}" is a pattern; ask for a name below it.`)
  return normal.name
}

function describe({ client, name, address, port, protocol }: TestQuestion): string {
  const target = [name, address].filter((part) => part !== undefined).join(' at ')
  const service = [protocol, port === undefined ? undefined : `port ${port}`].filter((part) => part !== undefined)
  return [client === undefined ? 'any client' : `client ${client}`, 'to', target, ...service].join(' ')
}

const optional = (name: string, value: string | undefined): [string, string][] =>
  value === undefined ? [] : [[name, value]]
