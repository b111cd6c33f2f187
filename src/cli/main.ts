import { isMainThread } from 'node:worker_threads'
import { Command } from 'commander'
import { isUninterrupted } from '../base/uninterrupted.ts'
import { VERSION } from '../base/version.ts'
import { register as registerActivationRequest } from './commands/activation-request.ts'
import { register as registerAlerts } from './commands/alerts.ts'
import { register as registerBackup } from './commands/backup.ts'
import { register as registerCompletion } from './commands/completion.ts'
import { register as registerConfMode } from './commands/conf-mode.ts'
import { register as registerDaemon } from './commands/daemon.ts'
import { register as registerGuard } from './commands/guard.ts'
import { register as registerLab } from './commands/lab.ts'
import { register as registerManPage } from './commands/man-page.ts'
import { register as registerOp } from './commands/op.ts'
import { register as registerPinner } from './commands/pinner.ts'
import { register as registerPolicy } from './commands/policy.ts'
import { register as registerPolicyImport } from './commands/policy-import.ts'
import { register as registerPolicyPush } from './commands/policy-push.ts'
import { register as registerRecords } from './commands/records.ts'
import { register as registerRegistration } from './commands/registration.ts'
import { register as registerRestore } from './commands/restore.ts'
import { register as registerShell } from './commands/shell.ts'
import { register as registerShow } from './commands/show.ts'
import { register as registerSupervise } from './commands/supervise.ts'
import { register as registerSupport } from './commands/support.ts'
import { EXIT, reportFailure } from './failure.ts'

// VyOS calls handlers with the group of its configuration, in which every operator is. What root makes belongs to root's
// group, unless it is given to another one by name.
if (process.getuid?.() === 0 && process.getegid?.() !== 0) process.setgid?.(0)
// It is for programs of other users, too, and for VyOS's: an operator's own umask neither closes nor opens it to others.
if (process.getuid?.() === 0 && isMainThread) process.umask(0o022)

const program = new Command('clawgress')
  .description('Egress allowlist gateway for AI agents')
  .version(VERSION)
  .addHelpText('after', '\nExit status: 0 done, 1 refused (with sentences on stderr), 2 not a command.')

registerShow(program)
registerRecords(program)
registerAlerts(program)
registerPolicy(program)
registerPolicyImport(program)
registerPolicyPush(program)
registerConfMode(program)
registerOp(program)
registerDaemon(program)
registerGuard(program)
registerActivationRequest(program)
registerSupervise(program)
registerLab(program)
registerPinner(program)
registerShell(program)
registerBackup(program)
registerRestore(program)
registerSupport(program)
registerCompletion(program)
registerManPage(program)
registerRegistration(program)

for (const command of withSubcommands(program))
  command.exitOverride().showHelpAfterError('(--help shows how the command is used)')

// `clawgress … | head` is no failure; and a change that is under way goes on, whether or not anyone hears of it.
for (const output of [process.stdout, process.stderr])
  output.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (!isUninterrupted()) process.exit(process.exitCode ?? (code === 'EPIPE' ? EXIT.done : EXIT.refused))
  })

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error)
}

function* withSubcommands(command: Command): Iterable<Command> {
  yield command
  for (const child of command.commands) yield* withSubcommands(child)
}
