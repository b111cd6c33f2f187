import { writeFileSync } from 'node:fs'
import Mocha from 'mocha'

/** Mocha's own `spec` report, and the numbers as JSON in the file that MOCHA_TOTALS names. */
export default class SpecWithTotals extends Mocha.reporters.Spec {
  done(failures, exit) {
    const { passes, failures: failed, pending } = this.stats
    if (process.env.MOCHA_TOTALS) writeFileSync(process.env.MOCHA_TOTALS, JSON.stringify({ passes, failed, pending }))
    exit?.(failures)
  }
}
