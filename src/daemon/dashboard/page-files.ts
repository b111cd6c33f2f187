import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { assetsRoot } from '../../base/assets.ts'
import { ownProgram } from '../../base/own-command.ts'

/** A file of the page as it is sent. */
export interface PageFile {
  readonly type: string
  readonly content: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

/** The files that the build has put beside the program, by name; none where they are missing: the API does without. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const { script } = ownProgram()
  const folder = join(script.endsWith('.mjs') ? dirname(script) : join(assetsRoot(), 'dist'), 'dashboard')
  if (!existsSync(join(folder, 'index.html'))) return new Map()
  // Only what the page names: a folder may hold files of earlier builds.
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
  const names = readdirSync(folder).filter((name) => name === 'index.html' || html.includes(`"dashboard/${name}"`))
  return new Map(
    names.map((name) => {
      const content = name === 'index.html' ? Buffer.from(html) : readFileSync(join(folder, name))
      return [name, { type: TYPES[name.split('.').at(-1)!]!, content }]
    }),
  )
}
