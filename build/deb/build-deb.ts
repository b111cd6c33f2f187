import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ARCHITECTURES, type Architecture } from './architecture.ts'
import { type Compression, pack } from './archive.ts'
import { type Release, stage } from './stage.ts'

// Usage: build-deb.ts [--architecture amd64|arm64] [--version VERSION] [--output FOLDER] [--quick]
const { values } = parseArgs({
  options: {
    architecture: { type: 'string', default: 'amd64' },
    version: { type: 'string', default: JSON.parse(readFileSync('package.json', 'utf8')).version },
    output: { type: 'string', default: 'dist' },
    quick: { type: 'boolean', default: false },
  },
})
const architecture = ARCHITECTURES.find((each) => each === values.architecture) ?? refuse(values.architecture)
const release: Release = { version: values.version, architecture, epoch: sourceDate() }
const compression: Compression = values.quick ? 'quick' : 'small'

const scratch = mkdtempSync(join(tmpdir(), 'clawgress-deb-'))
try {
  const root = join(scratch, 'root')
  mkdirSync(root)
  await stage(root, release)
  mkdirSync(values.output, { recursive: true })
  const file = resolve(values.output, `clawgress_${release.version}_${architecture}.deb`)
  await pack(root, file, release, compression)
  console.log(file)
} finally {
  rmSync(scratch, { recursive: true })
}

/** Seconds since 1970 of the newest commit, unless SOURCE_DATE_EPOCH says otherwise (reproducible-builds.org). */
function sourceDate(): number {
  const { SOURCE_DATE_EPOCH } = process.env
  return Number(SOURCE_DATE_EPOCH ?? execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }))
}

function refuse(architecture: string): Architecture {
  throw new Error(`There is no package for ${architecture}; choose one of ${ARCHITECTURES.join(', ')}.`)
}
