import { runShell } from '../../../src/standalone/session/run-shell.ts'

// The shell as a process of its own, with a stand-in for the clawgress that it calls.
const [stub, ...rest] = process.argv.slice(2)
const command = rest[0] === '-c' ? { command: rest[1]! } : {}
process.exitCode = await runShell({ program: [process.execPath, stub!], ...command, boot: rest[0] === '--boot', revertUnconfirmed: rest[0] === '--revert-unconfirmed' })
