import { writeFileSync } from 'node:fs'
import Mocha from 'mocha'

/**
 * Mocha's own `spec` report, and as JSON in the file that MOCHA_TOTALS names: the numbers, and each failure with its
 * file, its whole title and what it said.
 */
export default class SpecWithTotals extends Mocha.reporters.Spec {
  done(failures, exit) {
    const { passes, failures: failed, pending } = this.stats
    const told = this.failures.map((test) => ({
      file: test.file,
      title: test.fullTitle(),
      said: String(test.err?.stack ?? test.err),
    }))
    if (process.env.MOCHA_TOTALS) {
      writeFileSync(process.env.MOCHA_TOTALS, JSON.stringify({ passes, failed, pending, failures: told }))
    }
    exit?.(failures)
  }
}
