import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'

interface Threat {
  readonly number: number
  readonly title: string
  /** Lines below it: `open: why`, or `file: title of a test`. */
  readonly evidence: readonly string[]
}

function readThreats(text: string): Threat[] {
  const threats: (Threat & { evidence: string[] })[] = []
  for (const line of text.split('\n')) {
    const item = /^(\d+)\. (.+)$/.exec(line)
    if (item !== null) threats.push({ number: Number(item[1]), title: item[2]!, evidence: [] })
    const evidence = /^ {3,4}- (.+)$/.exec(line)
    if (evidence !== null) threats.at(-1)!.evidence.push(evidence[1]!)
  }
  return threats
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Titles of a file's tests; what a title takes from the code around it matches anything. */
function titlesOf(file: string): RegExp[] {
  const source = readFileSync(file, 'utf8')
  return [...source.matchAll(/\bit\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g)].map(
    ([, single, double, template]) => {
      const text = (single ?? double ?? template)!.replace(/\\(['"`\\])/g, '$1')
      const parts = template === undefined ? [text] : text.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/)
      return new RegExp(`^${parts.map(escaped).join('.*')}$`)
    },
  )
}

describe('docs/threats.md', () => {
  const threats = readThreats(readFileSync('docs/threats.md', 'utf8'))

  it('numbers every way around in order', () => {
    assert.ok(threats.length >= 60)
    assert.deepEqual(
      threats.map(({ number }) => number),
      threats.map((_, index) => index + 1),
    )
  })

  it('names for each a test that exists, or says that it is open', () => {
    const wrong: string[] = []
    for (const { number, title, evidence } of threats) {
      if (evidence.length === 0) wrong.push(`${number}. ${title}: neither a test nor "open"`)
      for (const line of evidence) {
        if (line.startsWith('open: ')) continue
        const [, file, test] = /^(test\/\S+\.test\.ts): (.+)$/.exec(line) ?? []
        if (file === undefined || !existsSync(file)) wrong.push(`${number}: no such file: ${line}`)
        else if (!titlesOf(file).some((pattern) => pattern.test(test!))) wrong.push(`${number}: no such test: ${line}`)
      }
    }
    assert.deepEqual(wrong, [])
  })
})
