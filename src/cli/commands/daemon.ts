import type { Command } from 'commander'

/** Registers `clawgress daemon`, the program of the unit `clawgressd`. */
export function register(program: Command): void {
  program
    .command('daemon', { hidden: true })
    .description('write decision records until told to end (the unit clawgressd runs this)')
    .action(async () => {
      const { currentLayout } = await import('../../base/layout.ts')
      const { runDaemon } = await import('../../daemon/run.ts')
      const { dashboardRoutes } = await import('../../daemon/dashboard/routes.ts')
      const { apiViews } = await import('../../op_mode/api-views.ts')
      const layout = currentLayout()
      await runDaemon({ layout, views: (facts) => apiViews(layout, facts), routes: [dashboardRoutes] })
    })
}
