import { Command } from 'commander'
import { register as registerLab } from './commands/lab.ts'

const program = new Command('clawgress')
  .description('Egress allowlist gateway for AI agents')
  .version('0.1.0')
  .showHelpAfterError()

registerLab(program)

await program.parseAsync()
