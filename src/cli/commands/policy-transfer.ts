import { Command, InvalidArgumentError } from 'commander'
import type { ImportOptions } from '../../conf_mode/policy/import-policy.ts'

export const tell = (text: string): void => void process.stdout.write(`${text}\n`)

export const layout = async () => (await import('../../base/layout.ts')).currentLayout()

interface ImportArguments {
  readonly confirm?: number
  readonly deletePolicyFile?: true
  readonly save?: true
}

/** `import <file> [into file|config]`. `belowConfig`: for operational mode, where it runs as root for others. */
export const importCommand = (name: string, { belowConfig = false } = {}): Command =>
  new Command(name)
    .description('check a policy, show what it changes, put it in place of the one in force and activate it')
    .argument('<file>', 'a policy.json')
    .argument('[into...]', '"into file" (where nothing is said) or "into config", the nodes of the configuration')
    .option('--confirm <minutes>', 'take it back unless confirmed within so many minutes', minutes)
    .option('--delete-policy-file', 'into config: take the policy file out of the configuration in the same commit')
    .option('--save', 'into config: save the configuration, too')
    .addHelpText(
      'after',
      '\nExamples:\n  clawgress policy import new.json --confirm 5\n  clawgress policy import new.json into config --save',
    )
    .action(async (file: string, into: readonly string[], options: ImportArguments, command: Command) => {
      const isConfig = isIntoConfig(into, options, command)
      if (belowConfig) (await import('../../conf_mode/policy/policy-file.ts')).policyFileTarget(await layout(), file)
      if (isConfig) return importIntoConfig(file, options)
      const { importPolicy } = await import('../../conf_mode/policy/import-policy.ts')
      const { showProgress } = await import('../progress.ts')
      showProgress(process.stderr.fd)
      const { confirm } = options
      await importPolicy(await layout(), file, importOptions(confirm))
      if (confirm !== undefined) tell(`Confirm within ${confirm} min: clawgress policy confirm`)
    })

export const exportCommand = (): Command =>
  new Command('export')
    .description('write the policy in force as a policy.json')
    .argument('<file>', 'a new file below /config, or - for standard output')
    .addHelpText('after', '\nExample:\n  clawgress policy export /config/exported.json')
    .action(async (file: string) => {
      const { exportedPolicy, exportPolicy } = await import('../../op_mode/policy/policy-export.ts')
      if (file === '-') process.stdout.write(exportedPolicy(await layout()).text)
      else tell(exportPolicy(await layout(), file))
    })

export const importOptions = (confirmMinutes: number | undefined): ImportOptions =>
  confirmMinutes === undefined ? { tell } : { tell, confirmMinutes }

/** Ends with the usage where words and options do not go together. */
function isIntoConfig(into: readonly string[], options: ImportArguments, command: Command): boolean {
  const [keyword = 'into', where = 'file', ...rest] = into
  if (keyword !== 'into' || !['file', 'config'].includes(where) || rest.length > 0 || into.length === 1)
    command.error('error: after the file, only "into file" or "into config" is possible')
  const isConfig = where === 'config'
  if (isConfig && options.confirm !== undefined)
    command.error('error: --confirm is for the policy file; commit-confirm does it in configuration mode')
  if (!isConfig && (options.deletePolicyFile ?? options.save) !== undefined)
    command.error('error: --delete-policy-file and --save are for "into config"')
  return isConfig
}

async function importIntoConfig(file: string, { deletePolicyFile, save }: ImportArguments): Promise<void> {
  const { configurationSession } = await import('../configuration-session.ts')
  const { importIntoNodes } = await import('../../conf_mode/policy/import-nodes.ts')
  const { readCandidate } = await import('../../conf_mode/policy/import-policy.ts')
  const here = await layout()
  const options = { file, deletePolicyFile: deletePolicyFile === true, save: save === true, tell }
  await importIntoNodes(here, readCandidate(here, file), await configurationSession(here), options)
}

export function minutes(text: string): number {
  const value = Number(text)
  if (!/^[0-9]{1,4}$/.test(text) || value < 1 || value > 1440)
    throw new InvalidArgumentError('It must be 1 to 1440 minutes.')
  return value
}
