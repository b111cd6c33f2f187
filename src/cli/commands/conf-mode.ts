import type { Command } from 'commander'

/** Bounds what an adapter can send: far more than the largest configuration that VyOS can carry. */
const MAX_INPUT = 16 * 1024 * 1024

/** `clawgress conf-mode service_clawgress`: called on commit, by VyOS's adapter and by the standalone session. */
export function register(program: Command): void {
  program
    .command('conf-mode', { hidden: true })
    .argument('<owner>', 'name of the handler')
    .description('Run a configuration handler on the JSON of standard input')
    .action(async (owner: string) => {
      const [{ fail }, { currentLayout }, { handle }, { parseHandlerInput }, { keepInherited }] = await Promise.all([
        import('../../base/errors.ts'),
        import('../../base/layout.ts'),
        import('../../conf_mode/handler.ts'),
        import('../../conf_mode/handler-input.ts'),
        import('../../services/index.ts'),
      ])
      // A restore lets its handler hold its mark, which must not pass to the services that this one starts.
      keepInherited()
      const { PROGRESS_FD } = await import('../../conf_mode/checkpoint.ts')
      if (process.env.CLAWGRESS_PROGRESS === String(PROGRESS_FD))
        (await import('../progress.ts')).showProgress(PROGRESS_FD)
      if (owner !== 'service_clawgress') fail('config.path', `There is no configuration handler ${owner}.`)
      const said = await handle(parseHandlerInput(await readInput()), currentLayout())
      if (said !== '') process.stdout.write(`${said}\n`)
    })
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin) {
    length += (chunk as Buffer).length
    if (length > MAX_INPUT) throw new Error('the configuration is larger than 16 MiB')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
