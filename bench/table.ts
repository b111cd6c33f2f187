import { cpus, release, totalmem } from 'node:os'
import { execaSync } from 'execa'
import type { Row } from './row.ts'

const times = (ratio: number | undefined): string => (ratio === undefined ? '' : `${ratio.toFixed(2)} ×`)

/** Rows as a Markdown table; those with a budget say whether it was met. */
export function printTable(rows: readonly Row[]): string {
  const budgets = rows.filter(({ budget }) => budget !== undefined)
  const others = rows.filter(({ budget }) => budget === undefined)
  const lines = [
    '| work | measured | compared with | ratio | budget | |',
    '|---|---|---|---|---|---|',
    ...budgets.map(
      ({ work, measured, compared, ratio, budget, met }) =>
        `| ${work} | ${measured} | ${compared} | ${times(ratio)} | ${budget} | ${met === true ? 'met' : '**missed**'} |`,
    ),
  ]
  if (others.length > 0)
    lines.push(
      '',
      'Beside the budgets:',
      '',
      '| work | measured | compared with | ratio |',
      '|---|---|---|---|',
      ...others.map(
        ({ work, measured, compared, ratio }) => `| ${work} | ${measured} | ${compared} | ${times(ratio)} |`,
      ),
    )
  return `${lines.join('\n')}\n`
}

/** The machine that a table is true for, in one line. */
export function describeMachine(): string {
  const [cpu] = cpus()
  const named = execaSync('named', ['-v']).stdout.split(' ').slice(0, 2).join(' ')
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${memory}, Linux ${release()}, ${named}, Node ${process.version}`
}
