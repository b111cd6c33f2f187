import type { Command } from 'commander'
import { printManPage } from '../man-page.ts'

/** Registers `clawgress man-page`, by which the build of the package makes the manual. */
export function register(program: Command): void {
  program
    .command('man-page', { hidden: true })
    .description('print the manual page, in the format of man(7)')
    .action(() => {
      process.stdout.write(printManPage(program))
    })
}
