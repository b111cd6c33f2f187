import type { Command } from 'commander'

/** Registers `clawgress restore`. */
export function register(program: Command): void {
  program
    .command('restore')
    .description('check an archive of "clawgress backup", put its files in place and commit its configuration')
    .argument('<archive>', 'an archive that clawgress backup wrote')
    .addHelpText(
      'after',
      '\nEverything is checked before anything is replaced; where the commit fails, all is as before.\nExample:\n  clawgress restore /config/clawgress-backup.tar.gz',
    )
    .action(async (archive: string) => {
      const { currentLayout, operatorPath } = await import('../../base/layout.ts')
      const { restoreBackup } = await import('../../conf_mode/backup/restore.ts')
      const { runningTree } = await import('../../standalone/running-tree.ts')
      const { configurationSession } = await import('../configuration-session.ts')
      const layout = currentLayout()
      const tell = (text: string) => void process.stdout.write(`${text}\n`)
      const machine = { running: await runningTree(layout), session: await configurationSession(layout) }
      await restoreBackup(layout, machine, operatorPath(layout, archive), tell)
    })
}
