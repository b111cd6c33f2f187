import type { XmlElement } from '../definition-xml/xml-element.ts'
import type { Fault } from './constraint-rules.ts'
import { helpFaults, nameFaults, textFaults } from './node-rules.ts'

const IS_TAG = new Set(['tagNode', 'virtualTagNode'])

/** Words that are typed for a node: every name and every value up to it. */
function wordsTyped(node: XmlElement | undefined): number {
  if (node === undefined) return 0
  const own = (node.attributes.name === undefined ? 0 : 1) + (IS_TAG.has(node.name) ? 1 : 0)
  return wordsTyped(node.parent) + own
}

function commandFaults(command: XmlElement, words: number): Fault[] {
  const text = command.text.trim()
  const faults: Fault[] = []
  const add = (message: string) => faults.push({ element: command, message })
  if (text === '') add('The <command> is empty: write it or remove it.')
  for (const [, number] of text.matchAll(/\$\{?(\d+)/g)) {
    if (Number(number) < 1 || Number(number) > words) {
      add(`The command uses $${number}, but only ${words} words are typed: use $1 to $${words}.`)
    }
  }
  const unquoted = /\$(?:\d+|\{\d+\}|[@*])/.exec(text.replaceAll(/"\$(?:\d+|\{\d+\}|@)"/g, ''))
  if (unquoted !== null) add(`The command uses ${unquoted[0]} without quotes of its own: write "${unquoted[0]}".`)
  return faults
}

/** What VyOS's tools let pass in one command of operational mode, and ours must not hold. */
export function opFaults(node: XmlElement): Fault[] {
  const properties = node.child('properties')
  const command = node.child('command')
  const standalone = node.child('standalone')?.child('command')
  const words = wordsTyped(node)
  return [
    ...nameFaults(node),
    ...helpFaults(node),
    ...(properties === undefined ? [] : textFaults(properties)),
    ...(command === undefined ? [] : commandFaults(command, words)),
    ...(standalone === undefined ? [] : commandFaults(standalone, words - 1)),
  ]
}
