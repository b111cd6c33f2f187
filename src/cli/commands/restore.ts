import { Command } from 'commander'
import type { ArchiveOptions } from '../archive-path.ts'

/** Registers `clawgress restore`, and what the guard calls after one that was killed. */
export function register(program: Command): void {
  program.addCommand(restoreCommand('restore'))
  program.command('settle-restore', { hidden: true }).action(async () => {
    const { currentLayout } = await import('../../base/layout.ts')
    const { settleByRunning } = await import('../../conf_mode/backup/settle.ts')
    const { runningTree } = await import('../../standalone/running-tree.ts')
    const layout = currentLayout()
    await settleByRunning(
      layout,
      () => runningTree(layout),
      (text) => void process.stdout.write(`${text}\n`),
    )
  })
}

export const restoreCommand = (name: string, options: ArchiveOptions = {}): Command =>
  new Command(name)
    .description('check an archive of "clawgress backup", put its files in place and commit its configuration')
    .argument('<archive>', 'an archive that clawgress backup wrote')
    .addHelpText(
      'after',
      '\nEverything is checked before anything is replaced; where the commit fails, all is as before.\nExample:\n  clawgress restore /config/clawgress-backup.tar.gz',
    )
    .action(async (archive: string) => {
      const { currentLayout } = await import('../../base/layout.ts')
      const { restoreBackup } = await import('../../conf_mode/backup/restore.ts')
      const { runningTree } = await import('../../standalone/running-tree.ts')
      const { archiveToRead } = await import('../archive-path.ts')
      const { configurationSession } = await import('../configuration-session.ts')
      const layout = currentLayout()
      const file = archiveToRead(layout, archive, options)
      const machine = { running: await runningTree(layout), session: await configurationSession(layout) }
      await restoreBackup(layout, machine, file, (text) => void process.stdout.write(`${text}\n`))
    })
