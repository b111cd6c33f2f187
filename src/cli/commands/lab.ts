import type { Command } from 'commander'

const NAME = 'demo'

/** Registers `clawgress lab …` and the two hidden programs that run inside a lab. */
export function register(program: Command): void {
  const lab = program.command('lab').description('A gateway with two agents and an internet, in network namespaces')
  lab
    .command('up')
    .description('build a lab; one of the same name is taken down first')
    .argument('[name]', 'lower-case letters and digits', NAME)
    .action(async (name: string) => {
      const { labUp } = await import('../../standalone/lab/up.ts')
      const { enterHints } = await import('../../standalone/lab/enter.ts')
      await labUp(name)
      process.stdout.write(enterHints(name))
    })
  lab
    .command('down')
    .description('remove a lab with everything in it')
    .argument('[name]', 'lower-case letters and digits', NAME)
    .action(async (name: string) => (await import('../../standalone/lab/up.ts')).labDown(name))
  lab
    .command('list')
    .description('labs that are up')
    .option('--json', 'as a JSON array')
    .action(async (options: { json?: boolean }) => {
      const labs = (await import('../../standalone/lab/up.ts')).listLabs()
      process.stdout.write(options.json ? `${JSON.stringify(labs)}\n` : labs.map((name) => `${name}\n`).join(''))
    })
  lab
    .command('enter')
    .description("a shell inside the lab: the gateway's VyOS-like shell, or a plain one on a node")
    .argument('<where>', 'shell | gateway | agent1 | agent2 | internet')
    .argument('[name]', 'lower-case letters and digits', NAME)
    .action(async (where: string, name: string) => {
      process.exitCode = await (await import('../../standalone/lab/enter.ts')).enter(name, where)
    })
  lab
    .command('demo')
    .description('run the demo: what gets through, what does not, and why')
    .argument('[name]', 'lower-case letters and digits', NAME)
    .option('--keep', 'leave the lab up afterwards')
    .action(async (name: string, options: { keep?: boolean }) => {
      const { runDemo } = await import('../../standalone/demo/run.ts')
      process.exitCode = (await runDemo(name, { keep: options.keep === true })) ? 0 : 1
    })
  registerInside(program)
}

function registerInside(program: Command): void {
  program
    .command('lab-internet', { hidden: true })
    .argument('<events>')
    .argument('<certificates>')
    .action(async (events: string, certificates: string) => {
      await (await import('../../standalone/lab/internet/servers.ts')).runInternet(events, certificates)
    })
  program
    .command('lab-agent', { hidden: true })
    .argument('<attempts>')
    .argument('<authority>')
    .action(async (attempts: string, authority: string) => {
      await (await import('../../standalone/lab/agent/probe.ts')).runProbe(JSON.parse(attempts), authority)
    })
}
