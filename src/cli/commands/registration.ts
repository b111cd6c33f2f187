import type { Command } from 'commander'

/** Registers what the scripts of the Debian package run, or tell an operator to run. */
export function register(program: Command): void {
  const registration = program
    .command('registration', { hidden: true })
    .description('make VyOS know Clawgress, or forget it')
  registration
    .command('add')
    .description('add our nodes and commands to what VyOS knows (nothing happens without VyOS)')
    .action(async () => {
      const [{ register }, { vyosBox }] = await load()
      await register(vyosBox())
    })
  registration
    .command('remove')
    .description('take them away again')
    .action(async () => {
      const [{ unregister }, { vyosBox }] = await load()
      await unregister(vyosBox())
    })
  program
    .command('reactivate', { hidden: true })
    .description('run the installed version of every program, and bring what is enforced to it')
    .action(async () => {
      const { currentLayout } = await import('../../base/layout.ts')
      const { reactivate } = await import('../../conf_mode/reactivate.ts')
      process.stdout.write(`${await reactivate(currentLayout())}\n`)
    })
  program
    .command('force-off', { hidden: true })
    .description('police clients no longer, whatever the configuration says: for a machine where no commit succeeds')
    .action(async () => {
      const { currentLayout } = await import('../../base/layout.ts')
      const { handle } = await import('../../conf_mode/handler.ts')
      const nothing = { proposed: null, effective: null, pki: null, dry_run: false }
      process.stdout.write(`${await handle(nothing, currentLayout())}\n`)
    })
}

const load = () => Promise.all([import('../../registration/register.ts'), import('../../registration/vyos-box.ts')])
