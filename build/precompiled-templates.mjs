import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Handlebars from 'handlebars'

const TEMPLATES = join(dirname(fileURLToPath(import.meta.url)), '..', 'templates')
/** As src/base/template.ts compiles them where the sources run. */
const OPTIONS = { noEscape: true, strict: true }

const contents = () => {
  const functions = readdirSync(TEMPLATES).map((name) => {
    const compiled = Handlebars.precompile(readFileSync(join(TEMPLATES, name), 'utf8'), OPTIONS)
    return `${JSON.stringify(name)}: Handlebars.template(${compiled}),`
  })
  return [
    "import Handlebars from 'handlebars/runtime.js'",
    `const templates = {${functions.join('\n')}}`,
    'export const renderTemplate = (name, values) => templates[name](values)',
  ].join('\n')
}

/** Puts the templates into the bundle as functions: to compile them took a tenth of a small commit. */
export const precompiledTemplates = {
  name: 'precompiled-templates',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/src\/base\/template\.ts$/ }, () => ({ contents: contents(), resolveDir: TEMPLATES })),
}
