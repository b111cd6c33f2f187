import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { build } from 'esbuild'

const PAGE = 'src/daemon/dashboard/page'

/**
 * The dashboard's files by name, and what they are made of: one page, one script, one stylesheet. Script and stylesheet
 * carry a hash in their names, so that a browser keeps them for as long as they are right.
 */
export async function buildDashboard() {
  const { outputFiles, metafile } = await build({
    entryPoints: { app: `${PAGE}/main.ts`, style: `${PAGE}/style.css` },
    outdir: '.',
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'esm',
    target: ['chrome109', 'firefox115', 'safari16'],
    legalComments: 'none',
  })
  const files = new Map()
  let html = await readFile(`${PAGE}/index.html`, 'utf8')
  for (const { path, contents } of outputFiles) {
    const [, name, kind] = /([a-z]+)\.(js|css)$/.exec(path)
    const hash = createHash('sha256').update(contents).digest('hex').slice(0, 12)
    files.set(`${name}-${hash}.${kind}`, contents)
    html = html.replace(`${name}.${kind}`, `${name}-${hash}.${kind}`)
  }
  files.set('index.html', Buffer.from(html))
  return { files, inputs: Object.keys(metafile.inputs) }
}
