// Lint, unit tests with coverage, end-to-end tests; then every failure once more, and one closing line with the sums.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

/** More files than these are not a busy machine's doing: nothing is run again. */
const FILES_AGAIN = 3

const scratch = mkdtempSync(join(tmpdir(), 'clawgress-test-'))

/** Runs a program of node_modules with our output; true when it exited 0. */
function run(program, args, env = {}) {
  const { status } = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  return status === 0
}

/** One mocha run. A run that broke off before its end counts as one failure, since nothing says what it tested. */
function mocha(name, args, wrapper = []) {
  const totals = join(scratch, `${name}.json`)
  const [program, ...rest] = [...wrapper, 'mocha', ...args, '--reporter', './build/mocha-reporter.mjs']
  const ok = run(program, rest, { MOCHA_TOTALS: totals })
  try {
    const { passes, failed, pending, failures } = JSON.parse(readFileSync(totals, 'utf8'))
    return { passed: passes, failed: ok ? failed : Math.max(failed, 1), skipped: pending, failures }
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [] }
  }
}

/**
 * Several files run at a time, and some tests bound how long the product may take. A file that failed is run again
 * with the machine to itself: what fails twice fails, and what failed once is told at the end.
 */
function again(name, timeout, one) {
  const files = [...new Set(one.failures.map(({ file }) => file))]
  if (
    files.length === 0 ||
    files.length > FILES_AGAIN ||
    one.failed !== one.failures.length ||
    files.includes(undefined)
  ) {
    return { ...one, mended: [] }
  }
  console.log(`\nAgain, alone: ${files.map((file) => relative('.', file)).join(' ')}`)
  const options = [
    '--no-config',
    '--node-option',
    'import=tsx',
    '--timeout',
    String(timeout),
    '--forbid-only',
    '--exit',
  ]
  const { failed, failures } = mocha(`${name}-again`, [...options, ...files])
  const passed = Math.max(one.failed - failed, 0)
  return {
    passed: one.passed + passed,
    failed,
    skipped: one.skipped,
    failures: [
      ...one.failures.map((failure) => ({ ...failure, said: `the first time, beside others: ${failure.said}` })),
      ...failures,
    ],
    mended: passed > 0 ? files : [],
  }
}

const config = (name) => ['--config', `test/mocharc.${name}.json`]
const coverage = ['c8', '--reporter=text-summary', '--reporter=html', '--include=src/**', '--report-dir=coverage']

const lint = run('biome', ['check', '--error-on-warnings', '.'])
const runs = [
  again('unit', 60_000, mocha('unit', config('unit'), coverage)),
  again('e2e', 120_000, mocha('e2e', config('e2e'))),
]
rmSync(scratch, { recursive: true })

for (const { title, file, said } of runs.flatMap((one) => one.failures)) {
  console.log(`\n${relative('.', file ?? '')}: ${title}\n${said}`)
}
const sum = (key) => runs.reduce((total, one) => total + one[key], 0)
const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')]
const alone = runs.flatMap((one) => one.mended).length
if (!lint) console.error('biome found something to correct: see the top of this output.')
if (alone > 0) console.log(`Files that passed only when they ran again, alone: ${alone}.`)
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = lint && failed === 0 && passed > 0 ? 0 : 1
