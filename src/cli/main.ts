import { Command } from 'commander'

const program = new Command('clawgress')
  .description('Egress allowlist gateway for AI agents')
  .version('0.1.0')
  .showHelpAfterError()

await program.parseAsync()
