// Lint, unit tests with coverage, end-to-end tests; one closing line with the sum of both runs.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const scratch = mkdtempSync(join(tmpdir(), 'clawgress-test-'))

/** Runs a program of node_modules with our output; true when it exited 0. */
function run(program, args, env = {}) {
  const { status } = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  return status === 0
}

/** One mocha run. A run that broke off before its end counts as one failure, since nothing says what it tested. */
function mocha(name, wrapper = []) {
  const totals = join(scratch, `${name}.json`)
  const [program, ...args] = [...wrapper, 'mocha', '--config', `test/mocharc.${name}.json`]
  const ok = run(program, [...args, '--reporter', './build/mocha-reporter.mjs'], { MOCHA_TOTALS: totals })
  try {
    const { passes, failed, pending } = JSON.parse(readFileSync(totals, 'utf8'))
    return { passed: passes, failed: ok ? failed : Math.max(failed, 1), skipped: pending }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

const lint = run('biome', ['check', '--error-on-warnings', '.'])
const runs = [
  mocha('unit', ['c8', '--reporter=text-summary', '--reporter=html', '--include=src/**', '--report-dir=coverage']),
  mocha('e2e'),
]
rmSync(scratch, { recursive: true })

const sum = (key) => runs.reduce((total, one) => total + one[key], 0)
const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')]
if (!lint) console.error('biome found something to correct: see the top of this output.')
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = lint && failed === 0 && passed > 0 ? 0 : 1
