import type { Command } from 'commander'

/** Registers `clawgress backup`. */
export function register(program: Command): void {
  program
    .command('backup')
    .description('write configuration, policy files and history into one archive')
    .argument('<archive>', 'file to write, a tar.gz; one of the same name is replaced')
    .addHelpText(
      'after',
      '\nThe archive holds what the configuration holds, keys included: only root can read it.\nExample:\n  clawgress backup /config/clawgress-backup.tar.gz',
    )
    .action(async (archive: string) => {
      const { currentLayout, operatorPath } = await import('../../base/layout.ts')
      const { createBackup } = await import('../../conf_mode/backup/create.ts')
      const { runningTree } = await import('../../standalone/running-tree.ts')
      const layout = currentLayout()
      const running = await runningTree(layout)
      process.stdout.write(`${createBackup(layout, running, operatorPath(layout, archive))}\n`)
    })
}
