import type { Command } from 'commander'

/** Registers `clawgress activation-request`, which the guard runs for each request of the daemon. */
export function register(program: Command): void {
  program
    .command('activation-request', { hidden: true })
    .description('answer one request of the daemon over the connection on standard input')
    .action(async () => {
      const [{ Socket }, { currentLayout }, { answerActivation }] = await Promise.all([
        import('node:net'),
        import('../../base/layout.ts'),
        import('../../conf_mode/policy/activation-request.ts'),
      ])
      const layout = currentLayout()
      const connection = new Socket({ fd: 0, readable: true, writable: true, allowHalfOpen: true })
      await answerActivation(layout, connection, async () =>
        (await import('../configuration-session.ts')).configurationSession(layout),
      )
    })
}
