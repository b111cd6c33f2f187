import { Command } from 'commander'
import { type OutputOptions, show } from '../output.ts'
import { alertsCommand, testAlertCommand } from './alerts.ts'
import { backupCommand } from './backup.ts'
import { exportCommand, importCommand } from './policy-transfer.ts'
import { flowsCommand, logCommand, monitorCommand, telemetryCommand } from './records.ts'
import { restoreCommand } from './restore.ts'
import {
  deniesCommand,
  pinsCommand,
  resetPinsCommand,
  restartCommand,
  statusCommand,
  testDomainCommand,
  versionsCommand,
} from './show.ts'
import { supportCommand } from './support.ts'

/** Registers `clawgress op …`: what the operational commands of VyOS run (op-mode/), word for word. */
export function register(program: Command): void {
  const shown = new Command('show').description('show …')
  shown.addCommand(statusCommand()).addCommand(pinsCommand()).addCommand(deniesCommand()).addCommand(versionsCommand())
  shown.addCommand(flowsCommand()).addCommand(telemetryCommand()).addCommand(logCommand())
  shown.addCommand(policyCommand()).addCommand(alertsCommand())
  shown.addCommand(new Command('test').addCommand(testDomainCommand()))
  const op = new Command('op').description('the operational commands of VyOS')
  op.addCommand(new Command('monitor').addCommand(monitorCommand()))
  op.addCommand(shown).addCommand(new Command('reset').addCommand(resetPinsCommand())).addCommand(restartCommand())
  op.addCommand(
    new Command('import')
      .addCommand(importCommand('policy', { belowConfig: true }))
      .addCommand(restoreCommand('backup', { belowConfig: true })),
  )
  op.addCommand(
    new Command('generate')
      .addCommand(new Command('policy').addCommand(exportCommand()))
      .addCommand(backupCommand({ belowConfig: true }))
      .addCommand(supportCommand({ belowConfig: true }))
      .addCommand(testAlertCommand('test-alert')),
  )
  program.addCommand(op, { hidden: true })
}

const policyCommand = (): Command =>
  new Command('policy')
    .description('the live policy')
    .argument('[what]', 'effective: every entry; file: the file itself')
    .option('--json', 'facts as JSON')
    .action(async (what: string | undefined, options: OutputOptions) => {
      const layout = (await import('../../base/layout.ts')).currentLayout()
      const { plan } = (await import('../../op_mode/policy/live-plan.ts')).livePlan(layout)
      const { showEffectivePolicy, showPolicy, showPolicyFile } = await import('../../op_mode/policy/policy.ts')
      if (what === 'effective') show(showEffectivePolicy(plan), options)
      else show(what === 'file' ? showPolicyFile(layout, plan) : showPolicy(plan), options)
    })
