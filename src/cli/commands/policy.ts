import type { Command } from 'commander'
import { EXIT } from '../failure.ts'
import { port } from '../options.ts'
import { type OutputOptions, show } from '../output.ts'

interface TestOptions extends OutputOptions {
  readonly file?: string
  readonly client?: string
  readonly address?: string
  readonly port?: number
  readonly protocol?: string
}

/** Registers `clawgress policy …`. */
export function register(program: Command): void {
  const policy = program.command('policy').description('check, show and try policies')
  policy
    .command('check')
    .description('say everything that is wrong with a policy file')
    .argument('<file>', 'a policy.json')
    .option('--json', 'facts as JSON')
    .addHelpText(
      'after',
      '\nExit status 1 where the file is not a valid policy.\nExample:\n  clawgress policy check policy.json',
    )
    .action(async (file: string, options: OutputOptions) => {
      const { checkPolicyFile } = await import('../../op_mode/policy/policy-check.ts')
      const checked = checkPolicyFile(file)
      if (checked.data.valid || options.json === true) show(checked, options)
      else process.stderr.write(checked.text)
      if (!checked.data.valid) process.exitCode = EXIT.refused
    })
  policy
    .command('show')
    .description('show the live policy, or one in a file')
    .option('--effective', 'every entry as it took effect')
    .option('--file <file>', 'a policy.json instead of the live policy')
    .option('--json', 'facts as JSON')
    .addHelpText('after', '\nExample:\n  clawgress policy show --effective --file policy.json')
    .action(async (options: OutputOptions & { effective?: boolean; file?: string }) => {
      const plan = await planFor(options.file)
      const { showEffectivePolicy, showPolicy } = await import('../../op_mode/policy/policy.ts')
      show(options.effective === true ? showEffectivePolicy(plan) : showPolicy(plan), options)
    })
  policy
    .command('test')
    .description('would this be allowed, and which line of the policy says so')
    .argument('<name>', 'a domain name or an address')
    .option('--file <file>', 'a policy.json instead of the live policy')
    .option('--client <address>', 'who asks')
    .option('--address <address>', 'the address that the name resolved to')
    .option('--port <port>', 'destination port', port)
    .option('--protocol <protocol>', 'tcp or udp')
    .option('--json', 'facts as JSON')
    .addHelpText(
      'after',
      '\nExit status 0 whether it would be allowed or not.\nExample:\n  clawgress policy test api.openai.com --port 443 --file policy.json',
    )
    .action(async (name: string, options: TestOptions) => {
      const { file, json, ...question } = options
      const plan = await planFor(file)
      const { testDecision } = await import('../../op_mode/policy/test-domain.ts')
      show(testDecision(plan, { name, ...question }), { json: json === true })
    })
  policy
    .command('schema')
    .description('print the JSON Schema of policy.json')
    .addHelpText('after', '\nExample:\n  clawgress policy schema > policy.schema.json')
    .action(async () => {
      const { policyJsonSchema } = await import('../../policy/index.ts')
      process.stdout.write(`${JSON.stringify(policyJsonSchema(), undefined, 2)}\n`)
    })
}

async function planFor(file: string | undefined) {
  if (file !== undefined) return (await import('../../op_mode/policy/policy-file.ts')).planOfFile(file)
  const { currentLayout } = await import('../../base/layout.ts')
  return (await import('../../op_mode/policy/live-plan.ts')).livePlan(currentLayout()).plan
}
