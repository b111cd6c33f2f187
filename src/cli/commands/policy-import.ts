import type { Command } from 'commander'
import { exportCommand, importCommand, importOptions, layout, minutes, tell } from './policy-transfer.ts'

/** Registers the commands below `clawgress policy` that change what is enforced, and `export`. */
export function register(program: Command): void {
  const policy = program.commands.find((command) => command.name() === 'policy')!
  policy.addCommand(importCommand('import'))
  policy.addCommand(exportCommand())
  policy
    .command('confirm')
    .description('keep an imported policy that waits for its confirmation')
    .action(async () => {
      const { confirmPolicy } = await import('../../conf_mode/policy/import-policy.ts')
      tell(await confirmPolicy(await layout()))
    })
  policy
    .command('rollback')
    .description('activate the policy file of an earlier generation again')
    .argument('<generation>', 'number or identifier in show clawgress versions')
    .option('--confirm <minutes>', 'take it back unless confirmed within so many minutes', minutes)
    .action(async (generation: string, { confirm }: { confirm?: number }) => {
      const { rollbackPolicy } = await import('../../conf_mode/policy/import-policy.ts')
      await rollbackPolicy(await layout(), generation, importOptions(confirm))
    })
  policy.command('revert-unconfirmed', { hidden: true }).action(async () => {
    const { revertUnconfirmed } = await import('../../conf_mode/policy/import-policy.ts')
    await revertUnconfirmed(await layout(), importOptions(undefined))
  })
}
