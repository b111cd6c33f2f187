import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { buildDashboard } from './dashboard.mjs'
import { precompiledTemplates } from './precompiled-templates.mjs'

// Usage: bundle.mjs [FOLDER]
const OUTPUT = process.argv[2] ?? 'dist'

/** zod brings its messages in fifty languages, of which English is used. */
const englishOnly = {
  name: 'english-only',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ resolveDir }) => ({
      path: join(resolveDir, '..', 'locales', 'en.js'),
    })),
}

// In parts, so that a command loads only what it uses: half of a short command's time is reading code.
// koffi and SQLite stay outside: their native and wasm modules are found relative to their own package folders.
const { outputFiles, metafile } = await build({
  entryPoints: { clawgress: 'src/cli/main.ts' },
  outdir: OUTPUT,
  outExtension: { '.js': '.mjs' },
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  splitting: true,
  write: false,
  metafile: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['koffi', 'node-sqlite3-wasm'],
  plugins: [englishOnly, precompiledTemplates],
  loader: { '.hbs': 'text', '.in': 'text' },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  legalComments: 'none',
})

/** Programs that run from here never see half a file, and keep the parts that they have yet to load. */
async function put(path, contents, mode) {
  const aside = `${path}.${process.pid}`
  await mkdir(dirname(path), { recursive: true })
  await writeFile(aside, contents, { mode })
  await rename(aside, path)
}

const isEntry = ({ path }) => relative(OUTPUT, path) === 'clawgress.mjs'
for (const part of outputFiles.filter((file) => !isEntry(file))) await put(part.path, part.contents, 0o644)
const [entry] = outputFiles.filter(isEntry)
await put(entry.path, `#!/usr/bin/env node\n${entry.text}`, 0o755)

const dashboard = await buildDashboard()
for (const [name, contents] of dashboard.files) await put(`${OUTPUT}/dashboard/${name}`, contents, 0o644)

// What the bundle is made of, for the licences of the package.
await put(
  `${OUTPUT}/inputs.json`,
  `${JSON.stringify([...Object.keys(metafile.inputs), ...dashboard.inputs].sort(), undefined, 1)}\n`,
  0o644,
)

// A shell may not know the Node that the Makefile brought into .node.
await put(
  `${OUTPUT}/clawgress`,
  `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
node=$here/../.node/bin/node
[ -x "$node" ] || node=node
exec "$node" "$here/clawgress.mjs" "$@"
`,
  0o755,
)
