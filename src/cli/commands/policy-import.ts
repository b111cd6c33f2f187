import { type Command, InvalidArgumentError } from 'commander'
import type { ImportOptions } from '../../conf_mode/import-policy.ts'

const tell = (text: string): void => void process.stdout.write(`${text}\n`)

/** Registers the commands below `clawgress policy` that change what is enforced. */
export function register(program: Command): void {
  const policy = program.commands.find((command) => command.name() === 'policy')!
  policy
    .command('import')
    .description('check a policy, show what it changes, put it in place of the policy file and activate it')
    .argument('<file>', 'a policy.json')
    .option('--confirm <minutes>', 'take it back unless confirmed within so many minutes', minutes)
    .addHelpText('after', '\nExample:\n  clawgress policy import new.json --confirm 5')
    .action(async (file: string, { confirm }: { confirm?: number }) => {
      const { importPolicy } = await import('../../conf_mode/import-policy.ts')
      await importPolicy(await layout(), file, importOptions(confirm))
      if (confirm !== undefined) tell(`Confirm within ${confirm} min: clawgress policy confirm`)
    })
  policy
    .command('confirm')
    .description('keep an imported policy that waits for its confirmation')
    .action(async () => {
      const { confirmPolicy } = await import('../../conf_mode/import-policy.ts')
      tell(await confirmPolicy(await layout()))
    })
  policy
    .command('rollback')
    .description('activate the policy of an earlier generation again')
    .argument('<generation>', 'number or identifier in show clawgress versions')
    .option('--confirm <minutes>', 'take it back unless confirmed within so many minutes', minutes)
    .action(async (generation: string, { confirm }: { confirm?: number }) => {
      const { rollbackPolicy } = await import('../../conf_mode/import-policy.ts')
      await rollbackPolicy(await layout(), generation, importOptions(confirm))
    })
  policy.command('revert-unconfirmed', { hidden: true }).action(async () => {
    const { revertUnconfirmed } = await import('../../conf_mode/import-policy.ts')
    await revertUnconfirmed(await layout(), importOptions(undefined))
  })
}

const importOptions = (confirmMinutes: number | undefined): ImportOptions =>
  confirmMinutes === undefined ? { tell } : { tell, confirmMinutes }

const layout = async () => (await import('../../base/layout.ts')).currentLayout()

function minutes(text: string): number {
  const value = Number(text)
  if (!/^[0-9]{1,4}$/.test(text) || value < 1 || value > 1440)
    throw new InvalidArgumentError('It must be 1 to 1440 minutes.')
  return value
}
