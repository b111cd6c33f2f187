import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { assetsRoot } from '../../../src/base/assets.ts'

/** Builds `dist/clawgress.mjs` where it is missing or older than a source file, so that labs run what is tested. */
export async function ensureBundle(): Promise<void> {
  const bundle = join(assetsRoot(), 'dist', 'clawgress.mjs')
  if (existsSync(bundle) && statSync(bundle).mtimeMs > newestSource()) return
  await execa(process.execPath, ['build/bundle.mjs'], { cwd: assetsRoot() })
}

function newestSource(): number {
  const folder = join(assetsRoot(), 'src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return Math.max(...files.map((file) => statSync(join(folder, file)).mtimeMs))
}
