import type { Command } from 'commander'

/** Registers `clawgress supervise`, what systemd does for the units elsewhere. */
export function register(program: Command): void {
  program
    .command('supervise', { hidden: true })
    .description('keep the programs of the gateway running where there is no systemd (started on demand)')
    .action(async () => {
      const { currentLayout } = await import('../../base/layout.ts')
      const { runSupervisor } = await import('../../services/supervisor/run-supervisor.ts')
      await runSupervisor(currentLayout())
      process.exit(0)
    })
}
