import { chmod, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

// koffi stays outside: its native module is found relative to its own package folder.
await build({
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/clawgress.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['koffi'],
  loader: { '.hbs': 'text', '.in': 'text' },
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  legalComments: 'none',
})
await chmod('dist/clawgress.mjs', 0o755)

// A shell may not know the Node that the Makefile brought into .node.
await writeFile(
  'dist/clawgress',
  `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
node=$here/../.node/bin/node
[ -x "$node" ] || node=node
exec "$node" "$here/clawgress.mjs" "$@"
`,
  { mode: 0o755 },
)
