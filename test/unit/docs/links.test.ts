import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const PAGES = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)].filter((name) => name.endsWith('.md'))

/** Anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (page: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  )

describe('links in the documentation', () => {
  it('lead to files and headings that exist', () => {
    const broken: string[] = []
    let count = 0
    for (const page of PAGES) {
      for (const [, target] of readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target!)) continue
        count++
        const [path, anchor] = target!.split('#')
        const file = path === '' ? page : join(dirname(page), path!)
        if (!existsSync(file)) broken.push(`${page}: ${target}`)
        else if (anchor !== undefined && !anchorsOf(file).includes(anchor)) broken.push(`${page}: ${target}`)
      }
    }
    assert.deepEqual(broken, [])
    assert.ok(count > 20)
  })

  it('lead from the front page to every page', () => {
    const front = readFileSync('README.md', 'utf8')
    assert.deepEqual(
      PAGES.filter((page) => page !== 'README.md' && !front.includes(`](${page})`)),
      [],
    )
  })
})
