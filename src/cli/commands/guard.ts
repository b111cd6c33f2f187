import type { Command } from 'commander'

/** Registers `clawgress guard`, the program of the unit `clawgress-guard`. */
export function register(program: Command): void {
  program
    .command('guard', { hidden: true })
    .description('put the ruleset back when another program removes it (the unit clawgress-guard runs this)')
    .action(async () => {
      const { currentLayout, runtimePaths } = await import('../../base/layout.ts')
      const { flushNames, viewName, withRndc } = await import('../../dns/index.ts')
      const { PinnerClient } = await import('../../pinner/control-client.ts')
      const { runGuard } = await import('../../services/guard/run-guard.ts')
      const layout = currentLayout()
      await runGuard(layout, async () => {
        try {
          const { flush } = await new PinnerClient(runtimePaths(layout).pinnerSocket).restore()
          for (const { id, names } of flush) await flushNames(layout, viewName(id), names)
        } catch (error) {
          // Names whose addresses may not be pinned must be asked for again, all of them.
          await withRndc(layout, (rndc) => rndc.command(['flush']))
          throw error
        }
      })
      process.exit(0)
    })
}
