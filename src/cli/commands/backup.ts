import { Command } from 'commander'
import type { ArchiveOptions } from '../archive-path.ts'

/** Registers `clawgress backup`. */
export function register(program: Command): void {
  program.addCommand(backupCommand())
}

export const backupCommand = (options: ArchiveOptions = {}): Command =>
  new Command('backup')
    .description('write configuration, policy files and history into one archive')
    .argument('<archive>', 'file to write, a tar.gz')
    .addHelpText(
      'after',
      '\nThe archive holds what the configuration holds, keys included: only root can read it.\nExample:\n  clawgress backup /config/clawgress-backup.tar.gz',
    )
    .action(async (archive: string) => {
      const { currentLayout } = await import('../../base/layout.ts')
      const { createBackup } = await import('../../conf_mode/backup/create.ts')
      const { runningTree } = await import('../../standalone/running-tree.ts')
      const { archiveToWrite } = await import('../archive-path.ts')
      const layout = currentLayout()
      const file = archiveToWrite(layout, archive, options)
      process.stdout.write(`${createBackup(layout, await runningTree(layout), file)}\n`)
    })
