import { Command } from 'commander'
import type { ArchiveOptions } from '../archive-path.ts'

/** Registers `clawgress support`. */
export function register(program: Command): void {
  program.addCommand(supportCommand())
}

export const supportCommand = (options: ArchiveOptions = {}): Command =>
  new Command('support')
    .description('write what a bug report needs into one archive, without secrets; works whatever is broken')
    .argument('<archive>', 'file to write, a tar.gz')
    .addHelpText('after', '\nExample:\n  clawgress support /config/clawgress-support.tar.gz')
    .action(async (archive: string) => {
      const { currentLayout } = await import('../../base/layout.ts')
      const { writeSupportReport } = await import('../../op_mode/support/report.ts')
      const { runningTree } = await import('../../standalone/running-tree.ts')
      const { archiveToWrite } = await import('../archive-path.ts')
      const layout = currentLayout()
      const file = archiveToWrite(layout, archive, options)
      process.stdout.write(`${await writeSupportReport(layout, () => runningTree(layout), file)}\n`)
    })
