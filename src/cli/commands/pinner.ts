import type { Command } from 'commander'

/** Registers `clawgress pinner`, the program of the unit `clawgress-pinner`, and the thread it starts of itself. */
export function register(program: Command): void {
  program
    .command('pinner', { hidden: true })
    .description('open the addresses that allowed names resolve to (the unit clawgress-pinner runs this)')
    .action(async () => (await import('../../pinner/process.ts')).runPinner())
  program
    .command('pinner-flows', { hidden: true })
    .description('read open connections for the pinner (a thread of the pinner runs this)')
    .action(async () => (await import('../../pinner/flows/flow-worker.ts')).runFlowWorker())
}
