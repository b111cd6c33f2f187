import type { Command } from 'commander'

/** Registers `clawgress daemon`, the program of the unit `clawgressd`. */
export function register(program: Command): void {
  program
    .command('daemon', { hidden: true })
    .description('write decision records until told to end (the unit clawgressd runs this)')
    .action(async () => (await import('../../daemon/run.ts')).runDaemon())
}
