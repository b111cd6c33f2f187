import type { Command } from 'commander'
import { type OutputOptions, show } from '../output.ts'

interface PushOptions extends OutputOptions {
  readonly url: string
  readonly keyFile: string
  readonly caFile?: string
  readonly ifMatch?: string
  readonly dryRun?: boolean
}

/** Registers `clawgress policy push`, which works from any machine. */
export function register(program: Command): void {
  const policy = program.commands.find((command) => command.name() === 'policy')!
  policy
    .command('push')
    .description('activate a policy on a gateway through its API, and wait until it is proven live')
    .argument('<file>', 'a policy.json')
    .requiredOption('--url <url>', 'the API of the gateway, such as https://gateway.example.org:8443')
    .requiredOption('--key-file <file>', 'file that holds an API key and that nobody else can read')
    .option('--ca-file <file>', 'PEM of the authority that signed the certificate of the gateway')
    .option('--if-match <generation>', 'only where this generation is live')
    .option('--dry-run', 'say what would change; change nothing')
    .option('--json', 'facts as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  clawgress policy push policy.json --url https://gateway.example.org:8443 --key-file key',
    )
    .action(async (file: string, options: PushOptions) => {
      const { createReadStream, fstatSync } = await import('node:fs')
      const { ApiClient } = await import('../../daemon/api/client.ts')
      const { openForPush, readKeyFile, readCaFile } = await import('../push-files.ts')
      const { showPushProgress } = await import('../push-progress.ts')
      const { url, keyFile, caFile, ifMatch, dryRun = false } = options
      const ca = caFile === undefined ? {} : { ca: readCaFile(caFile) }
      const client = new ApiClient({ url, key: readKeyFile(keyFile), ...ca })
      const fd = openForPush(file)
      const { size } = fstatSync(fd)
      const stream = createReadStream('', { fd })
      const expected = ifMatch === undefined ? {} : { expected: ifMatch }
      const endProgress = showPushProgress(stream, size, dryRun ? 'checking' : 'proving')
      const pushed = dryRun ? client.tryPolicy(stream, expected) : client.pushPolicy(stream, expected)
      const data = await pushed.finally(endProgress)
      show({ data, text: `${data.messages.join('\n')}\n` }, options)
    })
}
