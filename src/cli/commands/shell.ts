import { type Command, Option } from 'commander'

/** Registers `clawgress shell`, the configuration session of machines without VyOS. */
export function register(program: Command): void {
  program
    .command('shell')
    .description(
      "a command line like VyOS's: operational mode, configure, set, commit, save; for machines without VyOS",
    )
    .option('-c, --command <commands>', 'run these commands, separated by ";", and end with 1 as soon as one fails')
    .option('--boot', 'commit the saved configuration, as at boot')
    .addOption(new Option('--revert-unconfirmed', 'take back the commit that waits, when its time is over').hideHelp())
    .addHelpText(
      'after',
      `
Commands may also come on standard input, one a line.

  clawgress shell -c 'configure; set service clawgress policy-file /config/policy.json; commit; save'`,
    )
    .action(async (options: { command?: string; boot?: boolean; revertUnconfirmed?: boolean }) => {
      process.exitCode = await (await import('../../standalone/session/run-shell.ts')).runShell(options)
    })
}
