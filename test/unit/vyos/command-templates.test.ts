import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { definitionFiles } from '../../../build/vyos-tree.ts'
import {
  buildCommandTemplates,
  buildOpTemplates,
  printXml,
  readConfigXml,
  type TemplateTree,
  transclude,
} from '../../../src/vyos/index.ts'

const DATA = fileURLToPath(new URL('../../data/vyos-templates', import.meta.url))

/** What VyOS's tools wrote for a fixture: their definitions after the first steps, and the node.def tree. */
interface Golden {
  readonly definitions: Readonly<Record<string, string>>
  readonly templates: Readonly<Record<string, string>>
}

function compare(
  mode: string,
  build: (files: readonly string[]) => TemplateTree,
  definition: (file: string) => string,
): void {
  const folder = join(DATA, mode)
  const goldens = readdirSync(folder).filter((name) => name.endsWith('.json'))
  for (const golden of goldens) {
    const name = golden.replace('.json', '')
    const { definitions, templates } = JSON.parse(readFileSync(join(folder, golden), 'utf8')) as Golden
    const files = definitionFiles(join(folder, readdirSync(folder).includes(name) ? name : `${name}.xml.in`))

    it(`gives the node.def files of VyOS for ${name.replaceAll('-', ' ')}`, () => {
      assert.deepEqual(Object.fromEntries([...build(files)].sort(([a], [b]) => (a < b ? -1 : 1))), templates)
    })

    it(`gives the definition of VyOS for ${name.replaceAll('-', ' ')}`, () => {
      const ours = files.map((file) => [basename(file, '.in'), definition(file)])
      assert.deepEqual(Object.fromEntries(ours), definitions)
    })
  }
}

describe('the templates of configuration mode', () => {
  compare('config', buildCommandTemplates, (file) => printXml(readConfigXml(file)))
})

describe('the templates of operational mode', () => {
  compare('op', buildOpTemplates, transclude)
})
